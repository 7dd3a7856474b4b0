"""Bearer tokens of the admin API: made once, shown once, kept as hashes."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import timedelta

from authstream.contracts.control import ObjectKey
from authstream.contracts.slug import DEFAULT_TENANT
from authstream.control.door import Door, checked_name
from authstream.control.objects import MILLISECOND, TOKEN, Role, TokenObject
from authstream.control.view import Stored, View
from authstream.errors import ConflictError

#: 256 random bits: a hash without a salt is enough for what cannot be guessed.
_TOKEN_BYTES = 32
_MARK = "ast_"


class Tokens:
    """All tokens, through a door."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def all(self) -> list[Stored]:
        """All of them, by name."""
        return self._door.view.of_kind(TOKEN)

    def create(self, name: str, role: Role, *, lasting: timedelta | None = None) -> str:
        """A new token; nobody can be told it again. Raises ConflictError for a name in use."""
        key = _key(checked_name(name, "token"))
        if self._door.view.find(key) is not None:
            raise ConflictError(f"there is a {key} already: revoke it, or use another name")
        token = f"{_MARK}{secrets.token_urlsafe(_TOKEN_BYTES)}"
        expires = None if lasting is None else self._door.store.now() + lasting // MILLISECOND
        body = TokenObject(sha256=_hash(token), role=role, expires_at=expires)
        after = self._door.view.revision(key)
        self._door.write(key, body, after=after, operation=f"create as {role}")
        return token

    def revoke(self, name: str) -> None:
        """The token is worth nothing at once. Raises NotFoundError."""
        stored = self._door.view.get(_key(name))
        self._door.write(stored.key, None, after=stored.record.revision, operation="revoke")


def holder(view: View, token: str, *, now: int) -> tuple[str, Role] | None:
    """Name and role of a valid token; None for any other text."""
    wanted = _hash(token)
    for stored in view.of_kind(TOKEN):
        body = stored.read(TokenObject)
        valid = body.expires_at is None or now < body.expires_at
        if hmac.compare_digest(body.sha256, wanted) and valid:
            return stored.key.name, body.role
    return None


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _key(name: str) -> ObjectKey:
    return ObjectKey(TOKEN, DEFAULT_TENANT, name)
