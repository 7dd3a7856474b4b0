"""kratos: writes metadata to an identity of Ory Kratos, by its admin API.

`app_metadata` is `metadata_admin`, which only the API shows; `user_metadata` is `metadata_public`.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from authstream.contracts.effect import MetadataPatch
from authstream.engine.sink import Sink, merged
from authstream.outbound.api import Api, required, secret
from authstream.settings import Settings

_MEMBERS = {"app_metadata": "metadata_admin", "user_metadata": "metadata_public"}


class KratosSink(Sink):
    """Reads the identity, then replaces what has changed by JSON Patch (RFC 6902)."""

    name = "kratos"

    async def start(self) -> None:
        """Read the address, and a token for Ory Network. Raises ConfigurationError."""
        said = Settings().metadata
        required(said, "url")
        self._api = Api(said.url, token=secret(said, "token"))

    async def stop(self) -> None:
        """Close the connections."""
        await self._api.close()

    async def apply(self, patch: MetadataPatch, *, hops: int) -> None:
        """Two requests, or one where nothing changes. Raises DeliveryError."""
        path = f"/admin/identities/{quote(patch.subject or '', safe='')}"
        identity = (await self._api.send("GET", path, hops=hops)).json()
        operations: list[dict[str, Any]] = []
        for ours, theirs in _MEMBERS.items():
            there: dict[str, Any] = identity.get(theirs) or {}
            wanted = merged(there, getattr(patch, ours))
            if wanted != there:
                operations.append({"op": "add", "path": f"/{theirs}", "value": wanted})
        if operations:
            await self._api.send("PATCH", path, operations, hops=hops)


PLUGIN = KratosSink()
