"""keycloak: writes metadata as user attributes, by the Admin API of a realm.

`app_metadata.tier` is the attribute of the key `tier`. An attribute is a list of texts: a text is
written as it is, any other value as JSON. The realm must allow unmanaged attributes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import orjson

from authstream.contracts.effect import MetadataPatch
from authstream.engine.sink import Sink
from authstream.outbound.api import Api, ClientCredentials, required, secret
from authstream.settings import Settings


class KeycloakSink(Sink):
    """Reads the user and writes it whole, as the API wants it; unchanged, nothing is written."""

    name = "keycloak"

    async def start(self) -> None:
        """Read realm and credentials. Raises ConfigurationError."""
        said = Settings().metadata
        required(said, "url", "realm", "client_id", "client_secret")
        base, realm = said.url.rstrip("/"), quote(said.realm, safe="")
        self._api = Api(
            f"{base}/admin/realms/{realm}",
            credentials=ClientCredentials(
                f"{base}/realms/{realm}/protocol/openid-connect/token",
                said.client_id,
                secret(said, "client_secret"),
            ),
        )

    async def stop(self) -> None:
        """Close the connections."""
        await self._api.close()

    async def apply(self, patch: MetadataPatch, *, hops: int) -> None:
        """Two requests, or one where nothing changes. Raises DeliveryError."""
        path = f"/users/{quote(patch.subject or '', safe='')}"
        user = (await self._api.send("GET", path, hops=hops)).json()
        there: dict[str, list[str]] = user.get("attributes") or {}
        wanted = dict(there)
        _put(wanted, "app_metadata", patch.app_metadata)
        _put(wanted, "user_metadata", patch.user_metadata)
        if wanted != there:
            await self._api.send("PUT", path, {**user, "attributes": wanted}, hops=hops)


def _put(attributes: dict[str, list[str]], name: str, members: Mapping[str, Any]) -> None:
    for key, value in members.items():
        attribute = f"{name}.{key}"
        if value is None:
            attributes.pop(attribute, None)
        else:
            text = value if isinstance(value, str) else orjson.dumps(value).decode()
            attributes[attribute] = [text]


PLUGIN = KeycloakSink()
