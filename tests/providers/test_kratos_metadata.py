"""The metadata sink for Ory Kratos, against the real one."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from authstream.apps.downstream import sinks
from authstream.apps.up import free_port
from authstream.engine.sink import Sink
from authstream.errors import DeliveryError
from tests.contract.test_metadata_sinks import patch
from tests.providers.go_programs import KRATOS
from tests.providers.test_kratos import configuration
from tests.real_provider import running

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(scope="module")
def admin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of its admin API."""
    root = tmp_path_factory.mktemp("kratos-metadata")
    ports = (free_port(0), free_port(0))
    (root / "kratos.yml").write_text(yaml.safe_dump(configuration(ports)))
    environment = {"PATH": os.environ["PATH"], "HOME": f"{root}"}
    command: tuple[str | Path, ...] = (KRATOS.built(), "serve", "-c", "kratos.yml", "--dev")
    address = f"http://127.0.0.1:{ports[1]}"
    ready = f"{address}/admin/health/ready"
    with running(command, folder=root, environment=environment, ready=ready):
        yield address


@pytest.fixture
async def sink(admin: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Sink]:
    """Started, at that address."""
    monkeypatch.setenv("AUTHSTREAM_METADATA__URL", admin)
    found = sinks()["kratos"]
    await found.start()
    yield found
    await found.stop()


def identity(admin: str, user: str = "", **members: Any) -> dict[str, Any]:
    """An identity as the admin API shows it; a new one without a name."""
    if not user:
        body = {"schema_id": "person", "traits": {"email": "ada@example.com"}, **members}
        made: dict[str, Any] = httpx.post(f"{admin}/admin/identities", json=body).json()
        return made
    found: dict[str, Any] = httpx.get(f"{admin}/admin/identities/{user}").json()
    return found


async def test_patches_fold_to_the_identitys_metadata(admin: str, sink: Sink) -> None:
    """What is there stays, a value replaces its whole key, `null` removes one, twice is as once."""
    user = identity(admin, metadata_admin={"kept": True})["id"]
    first = patch({"tier": "gold", "deep": {"a": 1, "b": 2}}, {"theme": "dark"})
    second = patch({"deep": {"c": 3}, "tier": None, "never": None}, {"count": 3})
    for one in (first, first, second, second):
        await sink.apply(one.model_copy(update={"subject": user}), hops=1)
    found = identity(admin, user)
    assert found["metadata_admin"] == {"kept": True, "deep": {"c": 3}}
    assert found["metadata_public"] == {"theme": "dark", "count": 3}
    assert found["traits"] == {"email": "ada@example.com"}


async def test_an_identity_that_is_gone_is_given_up(sink: Sink) -> None:
    """Kratos answers 404."""
    gone = patch({"tier": "gold"}).model_copy(
        update={"subject": "3f1d4f6e-0000-4000-8000-000000000001"}
    )
    with pytest.raises(DeliveryError, match="404") as failed:
        await sink.apply(gone, hops=1)
    assert failed.value.permanent
