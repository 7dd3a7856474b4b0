"""Decides when a guest that keeps failing may be started again."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from authstream.contracts.envelope import Thrown
from authstream.engine.program import Status
from authstream.metrics.registry import Counter

#: More failures than this within `RESTART_WINDOW` open the circuit.
RESTARTS = 5
RESTART_WINDOW = timedelta(minutes=1)
#: How long an open circuit refuses before one event is tried.
OPEN_FOR = timedelta(seconds=10)
#: Wait before the second restart in a window; doubles with each; the first is at once.
BACKOFF = timedelta(milliseconds=50)
LONGEST_BACKOFF = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an event is not run."""

    status: Status
    error: str
    #: Of an action that cannot be loaded: what it threw.
    thrown: Thrown | None = None


class Circuit:
    """Closed: start at will, with backoff. Open: refuse. Half open: one event is tried."""

    def __init__(
        self,
        *,
        open_for: timedelta = OPEN_FOR,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._open_for = open_for.total_seconds()
        self._clock = clock
        self._failures: deque[float] = deque()
        self._opened: float | None = None
        self._refusal = Refusal("unavailable", "")
        #: Counts every failure.
        self.failures = Counter()

    def failed(self, reason: str) -> None:
        """The guest's process ended, or did not start."""
        self.failures.add()
        self._failures.append(self._clock())
        if self._opened is not None or self._recent() > RESTARTS:
            self.trip(
                Refusal(
                    "unavailable",
                    f"the action is not run for {self._open_for:g} s, as its process failed"
                    f" {len(self._failures)} times within a minute; the last time it {reason}",
                )
            )

    def trip(self, refusal: Refusal) -> None:
        """Open at once, with an answer of its own."""
        self._opened, self._refusal = self._clock(), refusal

    def recovered(self) -> None:
        """The one event of a half-open circuit went through."""
        self._opened = None
        self._failures.clear()

    @property
    def refusal(self) -> Refusal | None:
        """The answer to every event while the circuit is open."""
        return None if self._opened is None or self.half_open else self._refusal

    @property
    def half_open(self) -> bool:
        """Whether one event may be tried."""
        return self._opened is not None and self._clock() - self._opened >= self._open_for

    @property
    def state(self) -> int:
        """0: closed; 1: half open; 2: open."""
        return 0 if self._opened is None else 1 if self.half_open else 2

    @property
    def backoff(self) -> float:
        """Seconds to wait before the next start."""
        recent = self._recent()
        if recent < 2 or self.half_open:  # noqa: PLR2004 - the first restart is at once
            return 0.0
        return float(min(BACKOFF * 2 ** (recent - 2), LONGEST_BACKOFF).total_seconds())

    def _recent(self) -> int:
        start = self._clock() - RESTART_WINDOW.total_seconds()
        while self._failures and self._failures[0] < start:
            self._failures.popleft()
        return len(self._failures)
