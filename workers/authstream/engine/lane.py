"""The way to one destination: so many at a time, so many a second, none while it is down.

What finds no place is told how long to stay away, so that it waits in a delay topic instead of in
the room of those that go elsewhere.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

#: Failures in a row that open the circuit.
FAILURES = 5
#: How long an open circuit refuses before one delivery is tried; doubled each time that one fails.
OPEN_FOR = timedelta(seconds=5)
LONGEST_OPEN = timedelta(minutes=10)
#: Deliveries that may wait for their turn, for each that may be under way.
_WAITING = 2
#: Longest wait for a turn under a rate; what would wait longer stays away.
_LONGEST_TURN = 1.0
#: How long to stay away where too many wait.
_CROWDED = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Limits:
    """What one worker asks of one destination."""

    concurrency: int = 16
    #: Deliveries a second; None: any number.
    rate: float | None = None


class Busy(Exception):  # noqa: N818 - an answer, not an error
    """There is no place on the lane now; come back after this time."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__(f"come back in {wait}")
        self.wait = wait


class Lane:
    """`enter` before a delivery, `leave` with what became of it."""

    def __init__(self, limits: Limits, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._limits = limits
        self._clock = clock
        self._room = asyncio.Semaphore(limits.concurrency)
        self._inside = 0
        self._failures = 0
        self._open_for = OPEN_FOR
        #: Until then nothing is tried; None: the circuit is closed.
        self._open_until: float | None = None
        self._probing = False
        self._next_turn = 0.0

    @property
    def idle(self) -> bool:
        """Nothing is under way and nothing is remembered of it: it may be made anew."""
        return self._inside == 0 and self._failures == 0 and self._next_turn <= self._clock()

    async def enter(self) -> bool:
        """Wait for a place; whether it is the one that tries an open circuit. Raises Busy."""
        self._check()
        if self._inside >= self._limits.concurrency * (1 + _WAITING):
            raise Busy(_CROWDED)
        probe = self._open_until is not None
        self._probing = self._probing or probe
        self._inside += 1
        try:
            await self._turn()
            await self._room.acquire()
        except BaseException:
            self._out(probe=probe)
            raise
        if not probe and self._open_until is not None:
            # It went down while this one waited.
            self._room.release()
            self._out(probe=False)
            raise Busy(self._open_for)
        return probe

    def leave(self, *, probe: bool, failed: bool, retry_after: timedelta | None = None) -> None:
        """Give the place back, with what `enter` said.

        `failed`: the destination did, not just this delivery.
        """
        self._room.release()
        if failed:
            self._fail(retry_after)
        else:
            self._failures, self._open_until, self._open_for = 0, None, OPEN_FOR
        self._out(probe=probe)

    def _check(self) -> None:
        if self._open_until is None:
            return
        left = self._open_until - self._clock()
        if left > 0:
            raise Busy(timedelta(seconds=left))
        if self._probing:
            raise Busy(OPEN_FOR)

    def _fail(self, retry_after: timedelta | None) -> None:
        self._failures += 1
        if self._open_until is not None and self._open_until <= self._clock():
            self._open_for = min(self._open_for * 2, LONGEST_OPEN)
        elif self._failures < FAILURES and retry_after is None:
            return
        wait = max(self._open_for, retry_after or OPEN_FOR)
        self._open_until = self._clock() + min(wait, LONGEST_OPEN).total_seconds()

    async def _turn(self) -> None:
        if self._limits.rate is None:
            return
        now = self._clock()
        turn = max(now, self._next_turn)
        if turn - now > _LONGEST_TURN:
            raise Busy(max(timedelta(seconds=turn - now), _CROWDED))
        self._next_turn = turn + 1 / self._limits.rate
        await asyncio.sleep(turn - now)

    def _out(self, *, probe: bool) -> None:
        self._inside -= 1
        if probe:
            self._probing = False
