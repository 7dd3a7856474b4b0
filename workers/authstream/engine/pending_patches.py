"""Metadata patches that are ordered but not applied yet, by user: what a profile store lacks."""

from __future__ import annotations

from collections import deque
from datetime import timedelta

from authstream.contracts import headers as h
from authstream.contracts.avro import decode
from authstream.contracts.budgets import DECIDED_WINDOW
from authstream.contracts.effect import MetadataPatch
from authstream.engine.ports import Message
from authstream.engine.window import FirstWindow
from authstream.errors import RecordError

_MILLISECOND = timedelta(milliseconds=1)


class PendingPatches:
    """Told of every record of `user-metadata` and of its `done` topic, in any order of the two."""

    def __init__(self, window: timedelta = DECIDED_WINDOW) -> None:
        self._window = window
        self._done = FirstWindow(window)
        self._patches: dict[bytes, dict[str, MetadataPatch]] = {}
        #: Key, id and time of each, oldest first.
        self._ages: deque[tuple[bytes, str, int]] = deque()

    def add(self, message: Message) -> None:
        """A patch was ordered."""
        try:
            patch = decode(MetadataPatch, message.value)
        except RecordError:
            return
        key = message.key or b""
        if self._done.get(patch.id.encode()) is None:
            self._patches.setdefault(key, {})[patch.id] = patch
            self._ages.append((key, patch.id, message.timestamp))
        self._expire(message.timestamp)

    def settle(self, message: Message) -> None:
        """A patch was applied, or given up."""
        patch_id = h.text(message.headers, h.CE_ID)
        if patch_id is not None:
            self._done.first(patch_id.encode(), 1, at=message.timestamp)
            self._drop(message.key or b"", patch_id)

    def of(self, key: bytes) -> tuple[MetadataPatch, ...]:
        """Those of one user, in order."""
        return tuple(self._patches.get(key, {}).values())

    def _drop(self, key: bytes, patch_id: str) -> None:
        patches = self._patches.get(key)
        if patches is not None and patches.pop(patch_id, None) is not None and not patches:
            del self._patches[key]

    def _expire(self, now: int) -> None:
        while self._ages and (now - self._ages[0][2]) * _MILLISECOND > self._window:
            key, patch_id, _ = self._ages.popleft()
            self._drop(key, patch_id)
