"""The metadata sink for SCIM 2.0, against a server of the standard that is not ours."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import AsyncIterator, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import httpx
import pytest

from authstream.apps.downstream import sinks
from authstream.apps.up import free_port
from authstream.engine.sink import Sink
from authstream.errors import DeliveryError
from authstream.settings import MetadataSettings
from tests.contract.test_metadata_sinks import patch
from tests.real_provider import running

TOKEN = "a-token-of-tests"
EXTENSION = MetadataSettings().scim_schema
CORE = "urn:ietf:params:scim:schemas:core:2.0:User"


def _attribute(name: str, kind: str, **members: Any) -> dict[str, Any]:
    common = {"multiValued": False, "required": False, "mutability": "readWrite"}
    rest = {"returned": "default", "caseExact": True, "uniqueness": "none", "description": name}
    return {"name": name, "type": kind, **common, **rest, **members}


def _schemas() -> list[dict[str, Any]]:
    """The standard's users, and the extension that a provider has to make."""
    package = files("scim2_server") / "resources" / "default-schemas.json"
    (user,) = (one for one in json.loads(package.read_text()) if one["id"] == CORE)
    app = [
        _attribute("tier", "string"),
        _attribute("level", "integer"),
        _attribute("tags", "string", multiValued=True),
    ]
    person = [_attribute("theme", "string")]
    parts = [
        _attribute("app_metadata", "complex", subAttributes=app),
        _attribute("user_metadata", "complex", subAttributes=person),
    ]
    about = {"name": "Metadata", "description": "What actions write", "attributes": parts}
    schema = "urn:ietf:params:scim:schemas:core:2.0:Schema"
    return [user, {"schemas": [schema], "id": EXTENSION, **about}]


def _types() -> list[dict[str, Any]]:
    extensions = [{"schema": EXTENSION, "required": False}]
    schema = "urn:ietf:params:scim:schemas:core:2.0:ResourceType"
    user = {"id": "User", "name": "User", "endpoint": "/Users", "description": "User"}
    return [{"schemas": [schema], **user, "schema": CORE, "schemaExtensions": extensions}]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Its base address."""
    root = tmp_path_factory.mktemp("scim")
    (root / "schemas.json").write_text(json.dumps(_schemas()))
    (root / "types.json").write_text(json.dumps(_types()))
    port = free_port(0)
    command: tuple[str | Path, ...] = (
        *(Path(sys.executable).with_name("scim2-server"), "--port", f"{port}"),
        *("--schema", "schemas.json", "--resource-type", "types.json", "--bearer-token", TOKEN),
    )
    address = f"http://127.0.0.1:{port}/v2"
    ready = f"{address}/ServiceProviderConfig"
    environment = {"PATH": os.environ["PATH"], "HOME": f"{root}"}
    with running(command, folder=root, environment=environment, ready=ready):
        yield address


@pytest.fixture
async def sink(server: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Sink]:
    """Started, at that address."""
    monkeypatch.setenv("AUTHSTREAM_METADATA__URL", server)
    monkeypatch.setenv("AUTHSTREAM_METADATA__TOKEN", TOKEN)
    found = sinks()["scim"]
    await found.start()
    yield found
    await found.stop()


def ask(method: str, url: str, body: object = None) -> dict[str, Any]:
    """A call of the provider's own administrator."""
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/scim+json"}
    answer = httpx.request(method, url, json=body, headers=headers)
    assert answer.is_success, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_patches_fold_to_the_users_extension(server: str, sink: Sink) -> None:
    """What is there stays, `null` removes, twice is as once; the user itself is not touched."""
    user = ask("POST", f"{server}/Users", {"schemas": [CORE], "userName": "ada"})["id"]
    first = patch({"tier": "gold", "level": 1, "tags": ["a", "b"]}, {"theme": "dark"})
    second = patch({"tier": None, "level": 2, "tags": ["c"]})
    for one in (first, first, second, second):
        await sink.apply(one.model_copy(update={"subject": user}), hops=1)
    found = ask("GET", f"{server}/Users/{user}")
    said = found[EXTENSION]
    assert said["app_metadata"] == {"level": 2, "tags": ["c"]}
    assert said["user_metadata"] == {"theme": "dark"}
    assert found["userName"] == "ada"


@pytest.mark.parametrize(
    ("members", "known"),
    [({"tier": "gold"}, False), ({"no-such-attribute": 1}, True)],
    ids=["a-user-that-is-gone", "an-attribute-that-the-schema-lacks"],
)
async def test_what_the_server_does_not_have_is_given_up(
    server: str, sink: Sink, members: dict[str, Any], *, known: bool
) -> None:
    """It would not have it the next time either."""
    user = "no-such-user"
    if known:
        user = ask("POST", f"{server}/Users", {"schemas": [CORE], "userName": "eve"})["id"]
    with pytest.raises(DeliveryError) as failed:
        await sink.apply(patch(members).model_copy(update={"subject": user}), hops=1)
    assert failed.value.permanent
