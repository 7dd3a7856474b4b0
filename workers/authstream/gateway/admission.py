"""Decides at once whether a call may ask: by rate, by fair share, and by how long asking takes."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

#: A burst may be so many seconds' worth of calls.
_BURST_SECONDS = 2.0
#: Weight of the newest measurement in the expected time.
_NEWEST = 0.2
#: While asking takes too long, one call in so much time still does: to see when it is over.
PROBE_EVERY = timedelta(milliseconds=250)
#: From this part of the capacity on, a tenant may have its share and no more.
_CROWDED = 0.5


class ShedError(Exception):
    """A call that is not asked: it is answered at once, by its connection's policy."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(slots=True)
class _Bucket:
    tokens: float
    filled: float


class Admission:
    """For one event loop. `capacity` is how many calls may wait for a verdict together."""

    def __init__(self, capacity: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._capacity = capacity
        self._clock = clock
        self._buckets: dict[tuple[str, str], _Bucket] = {}
        self._waiting: dict[str, int] = {}
        #: Seconds that asking takes lately.
        self._expected = 0.0
        self._probed = 0.0

    @property
    def in_flight(self) -> int:
        """Calls that wait for a verdict now."""
        return sum(self._waiting.values())

    @contextmanager
    def entered(
        self, connection: str, tenant: str, *, rate: int, deadline: timedelta
    ) -> Generator[None]:
        """Within it a call may wait for a verdict. Raises ShedError."""
        self._check_rate((connection, tenant), rate)
        self._check_share(tenant)
        self._check_time(deadline)
        self._waiting[tenant] = self._waiting.get(tenant, 0) + 1
        began = self._clock()
        try:
            yield
        finally:
            self._took(self._clock() - began)
            self._waiting[tenant] -= 1
            if not self._waiting[tenant]:
                del self._waiting[tenant]

    def _check_rate(self, who: tuple[str, str], rate: int) -> None:
        now = self._clock()
        bucket = self._buckets.setdefault(who, _Bucket(rate * _BURST_SECONDS, now))
        filled = bucket.tokens + (now - bucket.filled) * rate
        bucket.tokens, bucket.filled = min(filled, rate * _BURST_SECONDS), now
        if bucket.tokens < 1:
            raise ShedError("rate_limited")
        bucket.tokens -= 1

    def _check_share(self, tenant: str) -> None:
        everybody = self.in_flight
        if everybody >= self._capacity:
            raise ShedError("overloaded")
        share = self._capacity / max(1, len(self._waiting.keys() | {tenant}))
        if everybody >= self._capacity * _CROWDED and self._waiting.get(tenant, 0) >= share:
            raise ShedError("overloaded")

    def _check_time(self, deadline: timedelta) -> None:
        if self._expected <= deadline.total_seconds():
            return
        now = self._clock()
        if now - self._probed < PROBE_EVERY.total_seconds():
            raise ShedError("overloaded")
        self._probed = now

    def _took(self, seconds: float) -> None:
        self._expected += _NEWEST * (seconds - self._expected)
