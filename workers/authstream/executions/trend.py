"""What charts show: flows, runs and calls over a span of time, counted and timed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Span:
    """Which executions; what is None does not matter. Times in milliseconds since the epoch."""

    since: int | None = None
    until: int | None = None
    tenant: str | None = None
    trigger: str | None = None
    #: Slices are of its runs, in place of whole flows.
    action: str | None = None


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of the span. Durations are milliseconds, None where nothing ended."""

    #: Its beginning, milliseconds since the epoch.
    at: int
    #: By outcome, or by status of the action's runs.
    counts: Mapping[str, int]
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None


@dataclass(frozen=True, slots=True)
class Share:
    """One action or connection over the whole span, as a slice is."""

    name: str
    #: By status of runs, or by what the provider was told.
    counts: Mapping[str, int]
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None

    @property
    def count(self) -> int:
        """All of them."""
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class Trend:
    """A span in slices of one width, without gaps, oldest first."""

    step_ms: int
    slices: tuple[Slice, ...]
    actions: tuple[Share, ...]
    connections: tuple[Share, ...]

    def public(self) -> dict[str, Any]:
        """JSON-ready members."""
        return asdict(self)
