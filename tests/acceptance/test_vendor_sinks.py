"""Vendors' own clients judge our metadata sinks: both must send the same requests."""

from __future__ import annotations

import base64
import json
import subprocess
from typing import Any

import orjson
import pytest

from authstream.apps.downstream import sinks
from authstream.contracts.effect import MetadataPatch
from tests import npm_packages
from tests.http_server import Answer, Asked, HttpServer

pytestmark = [pytest.mark.npm, pytest.mark.timeout(120)]

USER = "0f7a5d0e-6d0b-4a53-9d2c-3f1f6b1c2d3e"
APP: dict[str, Any] = {"tier": "gold", "deep": {"a": [1, None]}}
PERSONAL = {"theme": "dark"}
#: Only Zitadel removes a key by a request of its own.
REMOVED = "user_metadata:old/key"


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    """The requests of the clients, by provider."""
    scratch = tmp_path_factory.mktemp("sinks")
    script = scratch / "sinks.mjs"
    script.write_bytes((npm_packages.CONTRACTS / "sinks.mjs").read_bytes())
    packages = npm_packages.installed(npm_packages.CONTRACTS)
    (scratch / "node_modules").symlink_to(packages / "node_modules")
    entries = [
        {"key": f"{kind}:{key}", "value": base64.b64encode(orjson.dumps(value)).decode()}
        for kind, members in (("app_metadata", APP), ("user_metadata", PERSONAL))
        for key, value in members.items()
    ]
    said = {
        "user": USER,
        "app_metadata": APP,
        "user_metadata": PERSONAL,
        "entries": entries,
        "removed": REMOVED,
    }
    done = subprocess.run(
        ("node", script), input=json.dumps(said).encode(), capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    found: dict[str, list[dict[str, Any]]] = orjson.loads(done.stdout)
    return found


async def ours(name: str, personal: dict[str, Any], patch: pytest.MonkeyPatch) -> list[Asked]:
    """The requests of a sink, without those for a token."""
    for variable in ("TOKEN", "CLIENT_ID", "CLIENT_SECRET"):
        patch.setenv(f"AUTHSTREAM_METADATA__{variable}", "fixed")
    with HttpServer() as server:
        server.always(Answer(json={"access_token": "fixed"}))
        patch.setenv("AUTHSTREAM_METADATA__URL", server.url)
        sink = sinks()[name]
        await sink.start()
        ordered = MetadataPatch(
            id="p1",
            flow_id="f1",
            leg=0,
            tenant="acme",
            subject=USER,
            app_metadata=APP,
            user_metadata=personal,
            decided_at=0,
        )
        await sink.apply(ordered, hops=1)
        await sink.stop()
    return [one for one in server.asked if not one.path.endswith("/token")]


@pytest.mark.parametrize("name", ["auth0", "supabase", "zitadel"])
async def test_a_sink_sends_what_the_vendors_client_sends(
    name: str, theirs: dict[str, list[dict[str, Any]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Method, path, body, and the headers that say who writes."""
    removes = {REMOVED.partition(":")[2]: None} if name == "zitadel" else {}
    sent = await ours(name, {**PERSONAL, **removes}, monkeypatch)
    assert [
        {"method": one.method, "path": one.path, "body": one.json if one.body else None}
        for one in sent
    ] == [{key: one[key] for key in ("method", "path", "body")} for one in theirs[name]]
    for mine, their in zip(sent, theirs[name], strict=True):
        for header in {"authorization", "apikey"} & set(their.get("headers", {})):
            assert mine.headers[header] == their["headers"][header]
