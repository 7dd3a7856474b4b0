"""zitadel: writes metadata as user metadata of Zitadel, by its Management API.

`app_metadata:tier` is the key `tier`; its value is JSON.
"""

from __future__ import annotations

import base64
from http import HTTPStatus
from urllib.parse import quote

import orjson

from authstream.contracts.effect import MetadataPatch
from authstream.engine.sink import Sink
from authstream.outbound.api import Api, required, secret
from authstream.settings import Settings


class ZitadelSink(Sink):
    """One request for what is set, one for each key that is removed."""

    name = "zitadel"

    async def start(self) -> None:
        """Read the address and a service user's token. Raises ConfigurationError."""
        said = Settings().metadata
        required(said, "url", "token")
        self._api = Api(f"{said.url.rstrip('/')}/management/v1", token=secret(said, "token"))

    async def stop(self) -> None:
        """Close the connections."""
        await self._api.close()

    async def apply(self, patch: MetadataPatch, *, hops: int) -> None:
        """Set, then remove; either may be repeated. Raises DeliveryError."""
        path = f"/users/{quote(patch.subject or '', safe='')}/metadata"
        members = {
            **{f"app_metadata:{key}": value for key, value in patch.app_metadata.items()},
            **{f"user_metadata:{key}": value for key, value in patch.user_metadata.items()},
        }
        entries = [
            {"key": key, "value": base64.b64encode(orjson.dumps(value)).decode()}
            for key, value in members.items()
            if value is not None
        ]
        if entries:
            await self._api.send("POST", f"{path}/_bulk", {"metadata": entries}, hops=hops)
        for key in (key for key, value in members.items() if value is None):
            gone = (HTTPStatus.NOT_FOUND,)
            await self._api.send(
                "DELETE", f"{path}/{quote(key, safe='')}", hops=hops, expected=gone
            )


PLUGIN = ZitadelSink()
