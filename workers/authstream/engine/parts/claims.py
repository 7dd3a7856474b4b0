"""Custom claims: the last of a name wins; restricted names are dropped, too many bytes fail."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import orjson

from authstream.contracts.budgets import CLAIMS_BYTES
from authstream.contracts.codes import TOO_LARGE
from authstream.contracts.envelope import Failure
from authstream.contracts.verdict import Claims
from authstream.engine.part import Call, Leg, Members, Part, command
from authstream.engine.restricted import claim_refusal


class AccessTokenClaims(Part):
    """`claims.access_token`: custom claims of the access token by name."""

    gives = ("claims",)
    limits: ClassVar[Mapping[str, str]] = {
        "custom claims of one token": f"{CLAIMS_BYTES // 1024} kB of JSON, over it the flow fails"
    }

    def __init__(self, leg: Leg) -> None:
        super().__init__(leg)
        self.access_token: dict[str, Any] = {}

    @command("accessToken.setCustomClaim")
    def set_access_token(self, call: Call) -> None:
        """Add a claim to the access token."""
        self._set(self.access_token, call)

    def _set(self, claims: dict[str, Any], call: Call) -> None:
        name, value = call.arguments
        refusal = claim_refusal(name)
        if refusal is None:
            claims[name] = value
        else:
            self.leg.drop(call, name, refusal)

    def settle(self) -> Failure | None:
        """Each token counts apart (Auth0: over the limit the transaction fails)."""
        return _too_large("access", self.access_token)

    def members(self) -> Members:
        """The claims of one token."""
        return {"claims": Claims(access_token=self.access_token)}


class TokenClaims(AccessTokenClaims):
    """`claims.id_token` and `claims.access_token`: custom claims of each token by name."""

    def __init__(self, leg: Leg) -> None:
        super().__init__(leg)
        self.id_token: dict[str, Any] = {}

    @command("idToken.setCustomClaim")
    def set_id_token(self, call: Call) -> None:
        """Add a claim to the ID token."""
        self._set(self.id_token, call)

    def settle(self) -> Failure | None:
        """As for the access token."""
        return _too_large("ID", self.id_token) or super().settle()

    def members(self) -> Members:
        """The claims of both tokens."""
        return {"claims": Claims(id_token=self.id_token, access_token=self.access_token)}


def _too_large(token: str, claims: dict[str, Any]) -> Failure | None:
    size = len(orjson.dumps(claims))
    if size <= CLAIMS_BYTES:
        return None
    return Failure(
        code=TOO_LARGE,
        reason=f"custom claims of the {token} token are {size} bytes, the limit is {CLAIMS_BYTES}",
    )
