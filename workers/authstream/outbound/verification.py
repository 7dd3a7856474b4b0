"""Signed, expiring links that prove that an e-mail address is its reader's.

A link carries a JSON Web Token (RFC 7519, HS256) for the audience `verify-address`. The e-mail is
sent with `link`; whoever serves `/verify` asks `verified`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import jwt

from authstream.errors import AuthstreamError, ConfigurationError
from authstream.settings import LinkSettings

_ALGORITHM = "HS256"
_AUDIENCE = "verify-address"
_KEY_CHARACTERS = 32


class LinkRefusedError(AuthstreamError):
    """A verification link is not ours, was changed, or has expired."""

    code = "link_refused"


@dataclass(frozen=True, slots=True)
class VerifiedAddress:
    """What a good link says."""

    tenant: str
    user_id: str
    email: str


def link(address: VerifiedAddress, settings: LinkSettings, *, issued_at: int) -> str:
    """The link for an address.

    `issued_at` is in milliseconds since the epoch: the same order gives the same link again. Raises
    ConfigurationError without a key.
    """
    issued = issued_at // 1000
    claims = {
        "aud": _AUDIENCE,
        "iss": address.tenant,
        "sub": address.user_id,
        "email": address.email,
        "iat": issued,
        "exp": issued + int(timedelta(hours=settings.hours).total_seconds()),
    }
    token = jwt.encode(claims, _key(settings), algorithm=_ALGORITHM)
    return f"{settings.url.rstrip('/')}/verify?token={token}"


def verified(token: str, settings: LinkSettings) -> VerifiedAddress:
    """What the token of a link proves. Raises LinkRefusedError; ConfigurationError without a key.

    Whoever opens the link twice is told the same twice.
    """
    required = ["exp", "iss", "sub", "email"]
    try:
        claims = jwt.decode(
            token,
            _key(settings),
            algorithms=[_ALGORITHM],
            audience=_AUDIENCE,
            options={"require": required},
        )
    except jwt.ExpiredSignatureError as error:
        raise LinkRefusedError("the link has expired: ask for a new e-mail") from error
    except jwt.InvalidTokenError as error:
        raise LinkRefusedError("the link is not valid: open it as it is in the e-mail") from error
    return VerifiedAddress(claims["iss"], claims["sub"], claims["email"])


def _key(settings: LinkSettings) -> str:
    key = settings.key.get_secret_value() if settings.key else ""
    if len(key) < _KEY_CHARACTERS:
        raise ConfigurationError(
            f"links cannot be signed: set AUTHSTREAM_LINKS__KEY to {_KEY_CHARACTERS} characters or "
            "more, the same for effect workers and gateway"
        )
    return key
