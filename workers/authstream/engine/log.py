"""The port of an ordered log: one partition of records, appended to and read from any place."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple, Protocol


class LogRecord(NamedTuple):
    """One record of a log; `timestamp` is the broker's, in milliseconds since the epoch."""

    offset: int
    key: bytes
    value: bytes | None
    timestamp: int


class Log(Protocol):
    """One order of records. May be used from several threads."""

    def append(self, key: bytes, value: bytes | None) -> int:
        """Write a record and wait until it is safe; its offset.

        Raises ProduceError when it is not known to be written.
        """
        ...

    def span(self) -> tuple[int, int]:
        """The first offset kept, and one past the last. Raises BrokerUnreachableError."""
        ...

    def read(self, start: int, *, wait: timedelta) -> Sequence[LogRecord]:
        """Some records from `start` on, in order; none when there are none within `wait`."""
        ...

    def close(self) -> None:
        """Release connections."""
