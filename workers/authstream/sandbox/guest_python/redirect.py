"""`api.redirect`: signed tokens to and from the page that a browser is sent to."""

# ruff: noqa: ANN401 - an action may pass anything, and events are a stranger's JSON
from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
import time
from typing import Any, cast

from .check import ApiError
from .event import Record, dump, parse

#: Seconds that a token lives (Auth0).
LIFETIME = 900
PARAMETER = "session_token"
#: Nobody is there to follow a redirect in these.
NOT_INTERACTIVE = (
    "oauth2-resource-owner",
    "oauth2-refresh-token",
    "oauth2-password",
    "oauth2-webauthn",
)
_HEADER = {"alg": "HS256", "typ": "JWT"}
_JWT = re.compile(r"([\w-]+)\.([\w-]+)\.([\w-]+)", re.ASCII)


class Redirect:
    """The methods of `api.redirect` that the guest answers by itself."""

    def __init__(self, event: Record, *, interactive: bool) -> None:
        self._event = event
        self._interactive = interactive

    def encode_token(self, options: dict[str, Any]) -> str:
        """A JWT, signed with HS256, for this user."""
        request, now = _object(self._event, "request"), int(time.time())
        lifetime = options.get("expiresInSeconds")
        standard = {
            "iat": now,
            "iss": request.get("hostname"),
            "sub": _object(self._event, "user").get("user_id"),
            "exp": now + (LIFETIME if lifetime is None else lifetime),
            "ip": request.get("ip"),
        }
        said = {name: value for name, value in standard.items() if value is not None}
        claims = {**said, **options["payload"]}
        body = f"{_encode(dump(_HEADER).encode())}.{_encode(dump(claims).encode())}"
        return f"{body}.{_signature(body, options['secret'])}"

    def validate_token(self, options: dict[str, Any]) -> Any:
        """The payload of the token that the page sent back. Raises ApiError."""
        request = _object(self._event, "request")
        sent = {**_object(request, "query"), **_object(request, "body")}
        name = options.get("tokenParameterName", PARAMETER)
        if not sent.get(name):
            raise ApiError(
                f"There is no parameter called '{name}' available in either the POST body or"
                " query string."
            )
        claims = _verified(sent[name], options["secret"])
        self._check(claims, sent.get("state"))
        return claims

    def can_redirect(self) -> bool:
        """Whether someone is there to follow a redirect."""
        if not self._interactive:
            return False
        query = _object(_object(self._event, "request"), "query")
        transaction = _object(self._event, "transaction")
        asked = (query.get("prompt"), *(transaction.get("prompt") or ()))
        return "none" not in asked and transaction.get("protocol") not in NOT_INTERACTIVE

    def _check(self, claims: Record, state: Any) -> None:
        expiry = claims.get("exp")
        if expiry is not None and not (_is_number(expiry) and expiry > time.time()):
            raise _invalid("jwt expired")
        if claims.get("state") != state:
            raise _invalid("the state in the token is not the state of this request")
        expected = {
            "sub": _object(self._event, "user").get("user_id"),
            "iss": _object(self._event, "request").get("hostname"),
        }
        for name, value in expected.items():
            if name in claims and claims[name] != value:
                raise _invalid(f"its {name} is another one")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _invalid(reason: str) -> ApiError:
    return ApiError(f"The session token is invalid: {reason}")


def _object(owner: dict[str, Any], name: str) -> dict[str, Any]:
    found = owner.get(name)
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}


def _verified(token: Any, secret: str) -> Record:
    """The claims of a token that the secret signed. Raises ApiError."""
    parts = _JWT.fullmatch(token) if isinstance(token, str) else None
    if parts is None:
        raise _invalid("jwt malformed")
    head, body, signature = parts.groups()
    header = _decoded(head)
    if header.get("alg") != _HEADER["alg"]:
        raise _invalid("invalid algorithm")
    if not hmac.compare_digest(signature, _signature(f"{head}.{body}", secret)):
        raise _invalid("invalid signature")
    return _decoded(body)


def _decoded(part: str) -> Record:
    try:
        content = parse(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode())
    except (binascii.Error, UnicodeDecodeError, json.JSONDecodeError):
        raise _invalid("jwt malformed") from None
    if not isinstance(content, Record):
        raise _invalid("jwt malformed")
    return content


def _signature(body: str, secret: str) -> str:
    return _encode(hmac.new(secret.encode(), body.encode(), hashlib.sha256).digest())


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
