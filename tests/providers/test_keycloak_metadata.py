"""The metadata sink for Keycloak, against the real one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any, Self

import httpx
import pytest

from authstream.apps.downstream import sinks
from authstream.engine.sink import Sink
from authstream.errors import DeliveryError
from tests.contract.test_metadata_sinks import patch
from tests.providers import keycloak_server
from tests.providers.keycloak_server import ADMIN

pytestmark = pytest.mark.timeout(300)
REALM, CLIENT, SECRET = "shop", "authstream", "a-secret-of-tests"


class Admin:
    """An administrator, logged in for a minute."""

    def __init__(self, address: str) -> None:
        form = {"client_id": "admin-cli", "username": ADMIN, "password": ADMIN}
        url = f"{address}/realms/master/protocol/openid-connect/token"
        token = httpx.post(url, data={"grant_type": "password", **form}, timeout=60).json()
        headers = {"Authorization": f"Bearer {token['access_token']}"}
        self._client = httpx.Client(base_url=f"{address}/admin/realms", headers=headers, timeout=60)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def get(self, path: str) -> Any:
        """What is there."""
        return self._client.get(path).raise_for_status().json()

    def put(self, path: str, body: object) -> None:
        """Replace it."""
        self._client.put(path, json=body).raise_for_status()

    def post(self, path: str, body: object) -> str:
        """Something new; its id, if it has one."""
        made = self._client.post(path, json=body).raise_for_status()
        location: str = made.headers.get("location", "")
        return location.rpartition("/")[2]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server with a realm that takes any attribute, and a client that may write users."""
    with keycloak_server.serving(tmp_path_factory.mktemp("keycloak"), ()) as (address, _log):
        with Admin(address) as admin:
            admin.post("", {"realm": REALM, "enabled": True})
            profile = admin.get(f"/{REALM}/users/profile")
            admin.put(
                f"/{REALM}/users/profile", {**profile, "unmanagedAttributePolicy": "ADMIN_EDIT"}
            )
            said = {"serviceAccountsEnabled": True, "publicClient": False, "secret": SECRET}
            client = admin.post(f"/{REALM}/clients", {"clientId": CLIENT, **said})
            account = admin.get(f"/{REALM}/clients/{client}/service-account-user")["id"]
            (management,) = admin.get(f"/{REALM}/clients?clientId=realm-management")
            role = admin.get(f"/{REALM}/clients/{management['id']}/roles/manage-users")
            admin.post(f"/{REALM}/users/{account}/role-mappings/clients/{management['id']}", [role])
        yield address


@pytest.fixture
async def sink(address: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Sink]:
    """Started, at that realm."""
    said = {"URL": address, "REALM": REALM, "CLIENT_ID": CLIENT, "CLIENT_SECRET": SECRET}
    for name, value in said.items():
        monkeypatch.setenv(f"AUTHSTREAM_METADATA__{name}", value)
    found = sinks()["keycloak"]
    await found.start()
    yield found
    await found.stop()


async def test_patches_fold_to_the_users_attributes(address: str, sink: Sink) -> None:
    """What is there stays, `null` removes, twice is as once; the user itself is not touched."""
    with Admin(address) as admin:
        person = {"username": "ada", "email": "ada@example.com", "enabled": True}
        user = admin.post(f"/{REALM}/users", {**person, "attributes": {"shoe": ["42"]}})
        first = patch({"tier": "gold", "deep": {"a": 1}}, {"theme": "dark"})
        second = patch({"tier": None, "deep": {"c": [2]}, "never": None}, {"count": 3})
        for one in (first, first, second, second):
            await sink.apply(one.model_copy(update={"subject": user}), hops=1)
        found = admin.get(f"/{REALM}/users/{user}")
        assert found["attributes"] == {
            "shoe": ["42"],
            "app_metadata.deep": ['{"c":[2]}'],
            "user_metadata.theme": ["dark"],
            "user_metadata.count": ["3"],
        }
        assert found["email"] == "ada@example.com"


async def test_a_user_that_is_gone_is_given_up(sink: Sink) -> None:
    """Keycloak answers 404."""
    with pytest.raises(DeliveryError, match="404") as failed:
        await sink.apply(patch({"a": 1}).model_copy(update={"subject": "nobody"}), hops=1)
    assert failed.value.permanent
