"""scim: writes metadata as members of a schema extension, by SCIM 2.0 `PATCH` (RFC 7644, 3.5.2)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from authstream.contracts.effect import MetadataPatch
from authstream.engine.sink import Sink
from authstream.errors import DeliveryError
from authstream.outbound.api import Api, ClientCredentials, required, secret
from authstream.settings import Settings

_PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
#: RFC 7643 section 2.1: what an attribute may be called.
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")


class ScimSink(Sink):
    """One request; the provider's schema must have the extension that the settings name."""

    name = "scim"

    async def start(self) -> None:
        """Read address and credentials. Raises ConfigurationError."""
        said = Settings().metadata
        required(said, "url", "token") if not said.client_id else required(said, "url")
        self._schema = said.scim_schema
        credentials = ClientCredentials(
            f"{said.url.rstrip('/')}/token", said.client_id, secret(said, "client_secret")
        )
        self._api = Api(
            said.url,
            token=secret(said, "token"),
            credentials=credentials if said.client_id else None,
            headers={"Content-Type": "application/scim+json"},
        )

    async def stop(self) -> None:
        """Close the connections."""
        await self._api.close()

    async def apply(self, patch: MetadataPatch, *, hops: int) -> None:
        """One request. Raises DeliveryError; a conflict is tried again."""
        path = f"/Users/{quote(patch.subject or '', safe='')}"
        body = {"schemas": [_PATCH], "Operations": list(self._operations(patch))}
        conflict = HTTPStatus.PRECONDITION_FAILED
        answer = await self._api.send("PATCH", path, body, hops=hops, expected=(conflict,))
        if answer.status_code == conflict:
            raise DeliveryError("the user was changed meanwhile", permanent=False)

    def _operations(self, patch: MetadataPatch) -> Iterator[dict[str, Any]]:
        for name in ("app_metadata", "user_metadata"):
            for key, value in getattr(patch, name).items():
                if not _NAME.fullmatch(key):
                    raise DeliveryError(
                        f"the {name} key {key!r} cannot be a SCIM attribute", permanent=True
                    )
                where = f"{self._schema}:{name}.{key}"
                if value is None:
                    yield {"op": "remove", "path": where}
                else:
                    yield {"op": "replace", "path": where, "value": value}


PLUGIN = ScimSink()
