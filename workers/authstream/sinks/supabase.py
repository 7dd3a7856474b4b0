"""supabase: writes metadata by the admin API of Supabase Auth, `PUT /admin/users/{id}`."""

from __future__ import annotations

from urllib.parse import quote

from authstream.contracts.effect import MetadataPatch
from authstream.engine.sink import Sink
from authstream.outbound.api import Api, required, secret
from authstream.settings import Settings


class SupabaseSink(Sink):
    """Supabase Auth merges top-level keys itself, and `null` removes one."""

    name = "supabase"

    async def start(self) -> None:
        """Read the project's address and its service-role key. Raises ConfigurationError."""
        said = Settings().metadata
        required(said, "url", "token")
        token = secret(said, "token")
        self._api = Api(f"{said.url.rstrip('/')}/auth/v1", token=token, headers={"apikey": token})

    async def stop(self) -> None:
        """Close the connections."""
        await self._api.close()

    async def apply(self, patch: MetadataPatch, *, hops: int) -> None:
        """One request. Raises DeliveryError."""
        said = {"app_metadata": patch.app_metadata, "user_metadata": patch.user_metadata}
        body = {name: members for name, members in said.items() if members}
        path = f"/admin/users/{quote(patch.subject or '', safe='')}"
        await self._api.send("PUT", path, body, hops=hops)


PLUGIN = SupabaseSink()
