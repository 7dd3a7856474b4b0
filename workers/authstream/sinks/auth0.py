"""auth0: writes metadata by the Management API, `PATCH /api/v2/users/{id}`."""

from __future__ import annotations

from urllib.parse import quote

from authstream.contracts.effect import MetadataPatch
from authstream.engine.sink import Sink
from authstream.outbound.api import Api, ClientCredentials, required, secret
from authstream.settings import Settings


class Auth0Sink(Sink):
    """Auth0 merges top-level keys itself, and `null` removes one."""

    name = "auth0"

    async def start(self) -> None:
        """Read tenant and credentials. Raises ConfigurationError."""
        said = Settings().metadata
        required(said, "url", "client_id", "client_secret")
        base = said.url.rstrip("/")
        self._api = Api(
            base,
            credentials=ClientCredentials(
                f"{base}/oauth/token",
                said.client_id,
                secret(said, "client_secret"),
                {"audience": f"{base}/api/v2/"},
            ),
        )

    async def stop(self) -> None:
        """Close the connections."""
        await self._api.close()

    async def apply(self, patch: MetadataPatch, *, hops: int) -> None:
        """One request. Raises DeliveryError."""
        said = {"app_metadata": patch.app_metadata, "user_metadata": patch.user_metadata}
        body = {name: members for name, members in said.items() if members}
        path = f"/api/v2/users/{quote(patch.subject or '', safe='')}"
        await self._api.send("PATCH", path, body, hops=hops)


PLUGIN = Auth0Sink()
