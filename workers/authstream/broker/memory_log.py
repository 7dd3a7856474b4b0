"""A log in memory, for tests and for commands that need no broker."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import timedelta

from authstream.engine.log import LogRecord
from authstream.engine.ports import Clock, SystemClock


class MemoryLog:
    """A list with a condition. Any number of threads may read."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._records: list[LogRecord] = []
        self._grown = threading.Condition()

    def append(self, key: bytes, value: bytes | None) -> int:
        """Add a record; its offset."""
        with self._grown:
            record = LogRecord(len(self._records), key, value, self._clock.now())
            self._records.append(record)
            self._grown.notify_all()
        return record.offset

    def span(self) -> tuple[int, int]:
        """From 0 to the end."""
        return 0, len(self._records)

    def read(self, start: int, *, wait: timedelta) -> Sequence[LogRecord]:
        """Everything from `start` on."""
        with self._grown:
            self._grown.wait_for(lambda: len(self._records) > start, wait.total_seconds())
            return self._records[start:]

    def close(self) -> None:
        """Nothing to release."""
