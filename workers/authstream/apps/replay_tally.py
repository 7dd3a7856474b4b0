"""Counts what a replay found: how many logins changed in which way, and how long actions took."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from authstream.apps.verdict_changes import KINDS, Change

_NOT_RUN = frozenset(("skipped", "not_run"))


@dataclass(frozen=True, slots=True)
class Compared:
    """One login that was decided twice."""

    flow_id: str
    tenant: str
    #: Broker time, milliseconds.
    requested_at: int
    #: Of which leg, and what.
    changes: tuple[tuple[int, Change], ...]
    #: How long its actions took, milliseconds.
    before_ms: float
    after_ms: float


@dataclass(slots=True)
class Latency:
    """Durations in milliseconds."""

    values: list[float] = field(default_factory=list[float])

    @property
    def p50(self) -> float:
        """The median; 0 of none."""
        return self._at(0.5)

    @property
    def p95(self) -> float:
        """What 19 of 20 do not exceed; 0 of none."""
        return self._at(0.95)

    def _at(self, share: float) -> float:
        ordered = sorted(self.values)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0

    def public(self) -> dict[str, float]:
        """JSON-ready, milliseconds."""
        return {"p50_ms": round(self.p50, 3), "p95_ms": round(self.p95, 3)}


@dataclass(slots=True)
class Tally:
    """Sums over all logins."""

    compared: int = 0
    #: Logins with any change.
    changed: int = 0
    #: Logins that have no verdict to compare with.
    undecided: int = 0
    #: Logins by kind of change; one login counts once for each kind.
    counts: Counter[str] = field(default_factory=Counter[str])
    before: Latency = field(default_factory=Latency)
    after: Latency = field(default_factory=Latency)

    def add(self, one: Compared) -> None:
        """One more login."""
        self.compared += 1
        self.changed += bool(one.changes)
        self.counts.update({change.kind for _, change in one.changes})
        self.before.values.append(one.before_ms)
        self.after.values.append(one.after_ms)

    def public(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "compared": self.compared,
            "changed": self.changed,
            "undecided": self.undecided,
            "counts": {kind: self.counts[kind] for kind in KINDS},
            "latency": {"before": self.before.public(), "after": self.after.public()},
        }


def duration(legs: Sequence[Mapping[str, Any]]) -> float:
    """How long the actions of a login took in all, milliseconds."""
    steps: list[dict[str, Any]] = legs[-1]["verdict"]["steps"] if legs else []
    return float(sum(step["ms"] for step in steps if step["status"] not in _NOT_RUN))
