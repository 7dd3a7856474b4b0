"""Tells when so many effects are given up that going on would only drain a topic."""

from __future__ import annotations

from collections import deque

#: Effects looked back on.
LAST = 100
#: Too few to judge by.
LEAST = 20


class DeadRatio:
    """The share of dead ones among the last effects that ended."""

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self._ended: deque[bool] = deque(maxlen=LAST)

    def count(self, *, dead: bool) -> None:
        """One more has ended."""
        self._ended.append(dead)

    @property
    def share(self) -> float:
        """Dead ones among the last."""
        return sum(self._ended) / max(1, len(self._ended))

    @property
    def exceeded(self) -> bool:
        """Whether it is over its limit."""
        return len(self._ended) >= LEAST and self.share > self._limit
