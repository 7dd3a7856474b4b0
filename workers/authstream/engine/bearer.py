"""JSON Web Tokens of a provider: checked against its public keys, its issuer and our address."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import jwt

from authstream.engine.provider import Call, Peer
from authstream.errors import UnauthenticatedError

#: Asymmetric only: a token "signed" with a public key as a shared secret is not taken.
ALGORITHMS = ("RS256", "ES256")
LEEWAY = timedelta(seconds=60)


def bearer(call: Call) -> str:
    """The token of `Authorization: Bearer`. Raises UnauthenticatedError."""
    scheme, _, token = call.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise UnauthenticatedError("the call has no header authorization with a Bearer token")
    return token.strip()


def verified(
    token: str, peer: Peer, *, audience: str | Sequence[str], issuer: str | None
) -> dict[str, Any]:
    """The claims of a token that the provider signed for us. Raises UnauthenticatedError."""
    try:
        key_id = jwt.get_unverified_header(token).get("kid")
    except (jwt.PyJWTError, ValueError):
        raise UnauthenticatedError("the token is no JSON Web Token") from None
    key = peer.keys.get(key_id) if isinstance(key_id, str) else None
    if key is None:
        raise UnauthenticatedError(
            "the token is signed with a key that the provider does not publish"
        )
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=ALGORITHMS,
            audience=audience,
            issuer=issuer,
            leeway=LEEWAY,
            options={"require": ["exp", "iat", "aud", "iss"]},
        )
    except (jwt.PyJWTError, ValueError, TypeError) as error:
        raise UnauthenticatedError(f"the token is not valid ({type(error).__name__})") from None
    return claims
