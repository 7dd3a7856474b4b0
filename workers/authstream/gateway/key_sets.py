"""Public keys of providers, fetched from their fixed addresses and kept for a while."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast

import httpx
import jwt
import structlog

from authstream.control.connections import Connection
from authstream.engine.provider import Call

#: Providers rotate keys over days and publish the next one ahead.
KEPT_FOR = timedelta(hours=1)
#: Not more often, however many calls name a key that we do not know.
REFETCH_AFTER = timedelta(seconds=30)
FETCHED_WITHIN = timedelta(seconds=2)
_LARGEST = 256 * 1024
_LOG = structlog.get_logger("authstream.gateway")


@dataclass(slots=True)
class _Set:
    keys: Mapping[str, Any] = field(default_factory=dict[str, Any])
    fetched: float = float("-inf")
    tried: float = float("-inf")
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class KeySets:
    """Keys by key id. Addresses are the adapter's or the operator's, never a caller's."""

    def __init__(self) -> None:
        self._sets: dict[str, _Set] = {}

    async def of(self, connection: Connection, call: Call) -> Mapping[str, Any]:
        """The keys that a connection's provider signs with; those known where none can be had."""
        address = connection.peer.options.get("key_set", connection.provider.key_set)
        if address is None or connection.peer.options.get("emulator") == "true":
            return {}
        known = self._sets.setdefault(address, _Set())
        named = _key_id(connection, call)
        if not self._stale(known, named):
            return known.keys
        async with known.lock:
            if self._stale(known, named):
                await _fetch(address, known)
        return known.keys

    def _stale(self, known: _Set, named: str | None) -> bool:
        now = time.monotonic()
        if now - known.tried < REFETCH_AFTER.total_seconds():
            return False
        old = now - known.fetched > KEPT_FOR.total_seconds()
        return old or (named is not None and named not in known.keys)


def _key_id(connection: Connection, call: Call) -> str | None:
    token = connection.provider.token(call)
    try:
        found = jwt.get_unverified_header(token).get("kid") if token else None
    except (jwt.PyJWTError, ValueError):
        return None
    return found if isinstance(found, str) else None


async def _fetch(address: str, known: _Set) -> None:
    known.tried = time.monotonic()
    try:
        async with httpx.AsyncClient(timeout=FETCHED_WITHIN.total_seconds()) as client:
            answer = await client.get(address)
            answer.raise_for_status()
        if len(answer.content) > _LARGEST:
            raise ValueError("the key set is too large")  # noqa: TRY301 - one way out for all
        known.keys = parsed(answer.json())
    except (httpx.HTTPError, ValueError) as error:
        _LOG.error("key_set_not_fetched", address=address, reason=str(error))
        return
    known.fetched = known.tried


def parsed(said: object) -> dict[str, Any]:
    """The keys of a JSON Web Key Set by key id; those of a kind that we do not know are left out.

    Raises ValueError when it is none.
    """
    listed = cast("dict[str, object]", said).get("keys") if isinstance(said, dict) else None
    if not isinstance(listed, list):
        msg = "no JSON Web Key Set"
        raise ValueError(msg)  # noqa: TRY004 - as for text that is no JSON
    found: dict[str, Any] = {}
    for one in cast("list[object]", listed):
        key = cast("dict[str, Any]", one) if isinstance(one, dict) else {}
        try:
            found[str(key.get("kid"))] = jwt.PyJWK(key).key
        except (jwt.PyJWTError, ValueError):
            continue
    return found
