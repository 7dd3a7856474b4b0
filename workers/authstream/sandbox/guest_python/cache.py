"""`api.cache`: a small store shared by the runs of one guest, gone with it."""

# ruff: noqa: ANN401 - an action may pass anything, and events are a stranger's JSON
from __future__ import annotations

import math
import threading
import time
from typing import Any, cast

from .event import Record
from .json_value import encodes

#: Auth0's limits.
ENTRIES = 20
KEY_BYTES = 64
VALUE_BYTES = 4 * 1024
TOTAL_BYTES = 8 * 1024
DEFAULT_MS = 15 * 60 * 1000
LONGEST_MS = 24 * 3600 * 1000


class Cache:
    """`api.cache`: shared by the runs of this guest, gone with it; answers errors, never raises."""

    def __init__(self) -> None:
        self._entries: dict[str, Record] = {}
        self._lock = threading.Lock()

    def get(self, key: Any) -> Record | None:
        """The record `{value, expires_at}`, while it lasts."""
        with self._lock:
            self._evict()
            entry = self._entries.get(key) if isinstance(key, str) else None
            return Record(entry) if entry else None

    def set(self, key: Any, value: Any, options: Any = None) -> Record:
        """Store a string; `{type: success, record}` or `{type: error, code}`."""
        with self._lock:
            self._evict()
            refusal = self._refusal(key, value)
            expires_at = refusal or self._expiry(options)
            if isinstance(expires_at, str):
                return Record(type="error", code=expires_at)
            self._entries[key] = Record(value=value, expires_at=expires_at)
            return Record(type="success", record=Record(self._entries[key]))

    def delete(self, key: Any) -> Record:
        """Remove a record; `{type: success}` or `{type: error, code}`."""
        with self._lock:
            self._evict()
            if not isinstance(key, str) or self._entries.pop(key, None) is None:
                return Record(type="error", code="CacheKeyDoesNotExist")
            return Record(type="success")

    def _evict(self) -> None:
        now = time.time() * 1000
        for key in [key for key, entry in self._entries.items() if entry["expires_at"] <= now]:
            del self._entries[key]

    def _refusal(self, key: Any, value: Any) -> str | None:
        if not (isinstance(key, str) and isinstance(value, str) and encodes(key + value)):
            return "FailedToSetCacheRecord"
        if len(key.encode()) > KEY_BYTES:
            return "CacheKeySizeExceeded"
        if len(value.encode()) > VALUE_BYTES:
            return "CacheValueSizeExceeded"
        kept = {**{k: e["value"] for k, e in self._entries.items()}, key: value}
        size = sum(len(k.encode()) + len(v.encode()) for k, v in kept.items())
        full = len(kept) > ENTRIES or size > TOTAL_BYTES
        return "CacheSizeExceeded" if full else None

    def _expiry(self, options: Any) -> int | str:
        """The earliest end asked for, milliseconds since 1970; or an error code."""
        now = int(time.time() * 1000)
        given = cast("dict[str, Any]", options) if isinstance(options, dict) else {}
        ttl, until = given.get("ttl"), given.get("expires_at")
        for number in (ttl, until):
            plain = isinstance(number, int | float) and not isinstance(number, bool)
            if number is not None and not (plain and math.isfinite(number)):
                return "InvalidExpiry"
        asked: list[float] = [now + ttl] if ttl is not None else []
        asked += [until] if until is not None else []
        earliest = min(asked, default=now + DEFAULT_MS)
        if earliest <= now:
            return "ItemAlreadyExpired"
        return min(int(earliest), now + LONGEST_MS)
