"""Tallies: what ended how, and how fast, minute by minute, so that a chart reads no executions."""

from __future__ import annotations

import math
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from authstream.contracts.answer import Answered
from authstream.contracts.execution import Execution
from authstream.executions.trend import Share, Slice, Span, Trend

MINUTE_MS = 60_000
#: Widths of a slice, minutes; the narrowest with which a span has no more slices than `SLICES`.
_WIDTHS = (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440)
SLICES = 96
#: Minutes that a span without an earlier beginning has.
_SHORTEST_SPAN = 15
#: Durations are kept in bands, so many to a doubling: a percentile is right within 9 %.
_BANDS = 4
#: A quarter of a millisecond: shorter ones are in one band.
_SHORTEST_MS = 0.25
Kind = Literal["flow", "action", "connection"]
Rows = Callable[..., list[Any]]


class Tally(NamedTuple):
    """One thing that ended, as it is counted."""

    minute: int
    tenant: str
    trigger: str
    kind: Kind
    #: The action's or the connection's; empty for a flow.
    name: str
    #: An outcome, a run's status, what a provider was told.
    ended: str
    band: int


def of_leg(said: Execution, written_at: int) -> Iterator[Tally]:
    """A leg and its runs; of what came too late the runs only."""
    place = (written_at // MINUTE_MS, said.tenant, said.trigger)
    if not said.late:
        took = said.decided_at - said.requested_at
        yield Tally(*place, "flow", "", said.outcome, _band(took))
    for run in said.runs:
        yield Tally(*place, "action", run.action, run.status, _band(run.duration_ms))


def of_answer(said: Answered) -> Tally:
    """A call of a provider."""
    place = (said.answered_at // MINUTE_MS, said.tenant, said.trigger)
    return Tally(*place, "connection", said.connection, said.told, _band(said.ms))


def count(database: sqlite3.Connection, tallies: Iterable[Tally]) -> None:
    """Add them to what is there."""
    database.executemany(
        "INSERT INTO tallies VALUES (?, ?, ?, ?, ?, ?, ?, 1)"
        " ON CONFLICT DO UPDATE SET count = count + 1",
        tallies,
    )


def trend(rows: Rows, span: Span, *, now: int) -> Trend:
    """What became of the flows of a span, or of one action's runs, slice by slice."""
    # Nothing is counted after now, and slices up to a mistyped year would take all memory.
    latest = max(now, span.since or 0)
    until = min(now if span.until is None else span.until, latest) // MINUTE_MS
    since = _since(rows, span, until)
    width = next((w for w in _WIDTHS if until - since < SLICES * w), _WIDTHS[-1])
    first, last = since // width, until // width
    told = _Told(rows, span, (first * width, (last + 1) * width - 1))
    by_slice: dict[int, _Sum] = {number: _Sum() for number in range(first, last + 1)}
    kind: Kind = "flow" if span.action is None else "action"
    for number, ended, band, many in told.grouped(f"minute / {width}", kind, span.action):
        by_slice[number].add(ended, band, many)
    return Trend(
        width * MINUTE_MS,
        tuple(
            Slice(number * width * MINUTE_MS, *one.figures()) for number, one in by_slice.items()
        ),
        told.shares("action"),
        told.shares("connection"),
    )


@dataclass(slots=True)
class _Sum:
    """Counts by how things ended, and by band."""

    ended: Counter[str] = field(default_factory=Counter[str])
    bands: Counter[int] = field(default_factory=Counter[int])

    def add(self, ended: str, band: int, many: int) -> None:
        self.ended[ended] += many
        self.bands[band] += many

    def figures(self) -> tuple[Mapping[str, int], float | None, float | None, float | None]:
        """Counts, and the 50th, 95th and 99th percentile."""
        shares = (0.5, 0.95, 0.99)
        p50, p95, p99 = (_percentile(self.bands, share) for share in shares)
        return dict(self.ended), p50, p95, p99


class _Told:
    """Questions about the minutes of one span."""

    def __init__(self, rows: Rows, span: Span, minutes: tuple[int, int]) -> None:
        self._rows = rows
        self._where = "kind = ? AND minute BETWEEN ? AND ?"
        self._values: tuple[object, ...] = minutes
        for column, value in (("tenant", span.tenant), ("trigger", span.trigger)):
            if value is not None:
                self._where += f" AND {column} = ?"
                self._values += (value,)

    def grouped(self, group: str, kind: Kind, name: str | None = None) -> list[Any]:
        """Rows of (group, ended, band, count)."""
        where, values = self._where, (kind, *self._values)
        if name is not None:
            where, values = f"{where} AND name = ?", (*values, name)
        return self._rows(
            f"SELECT {group} AS grouped, ended, band, sum(count) FROM tallies WHERE {where}"  # noqa: S608 - our own words
            " GROUP BY grouped, ended, band",
            *values,
        )

    def shares(self, kind: Kind) -> tuple[Share, ...]:
        """Of each action or connection, the one with most first."""
        found: dict[str, _Sum] = {}
        for name, ended, band, many in self.grouped("name", kind):
            found.setdefault(name, _Sum()).add(ended, band, many)
        made = [Share(name, *one.figures()) for name, one in found.items()]
        return tuple(sorted(made, key=lambda one: (-one.count, one.name)))


def _since(rows: Rows, span: Span, until: int) -> int:
    """The first minute of a span: not before there was anything, so that little is seen large."""
    ((first,),) = rows("SELECT min(minute) FROM tallies WHERE kind = 'flow'")
    began = min(until if first is None else first, until - _SHORTEST_SPAN)
    return began if span.since is None else min(max(span.since // MINUTE_MS, began), until)


def _band(ms: float) -> int:
    return round(_BANDS * math.log2(max(ms, _SHORTEST_MS)))


def _percentile(bands: Mapping[int, int], share: float) -> float | None:
    """Milliseconds; None of nothing."""
    left = math.ceil(share * sum(bands.values()))
    for band in sorted(bands):
        left -= bands[band]
        if left <= 0 < bands[band]:
            return float(f"{2 ** (band / _BANDS):.3g}")
    return None
