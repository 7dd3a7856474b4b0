"""Figures of repeated runs: values by row and name, their medians, percentiles of latencies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median


def percentile(values: Sequence[float], share: float) -> float:
    """The value that this share (0 to 1) of all values does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


#: Values by row and name.
Rows = dict[str, dict[str, list[float]]]


@dataclass(slots=True)
class Figures:
    """Measured values by row and name, one for each repetition."""

    rows: Rows = field(default_factory=dict[str, dict[str, list[float]]])

    def add(self, row: str, **values: float) -> None:
        """One repetition of a row."""
        kept = self.rows.setdefault(row, {})
        for name, value in values.items():
            kept.setdefault(name, []).append(value)

    def median(self, row: str, name: str) -> float | None:
        """The middle of all repetitions; None when the row has no such figure."""
        values = self.rows.get(row, {}).get(name)
        return median(values) if values else None

    def ratio(self, row: str, name: str, *, to: str) -> float | None:
        """The median of a row as a multiple of another row's; of the same repetitions."""
        ours, theirs = (self.rows.get(one, {}).get(name, []) for one in (row, to))
        pairs = [mine / other for mine, other in zip(ours, theirs, strict=False) if other]
        return median(pairs) if pairs else None
