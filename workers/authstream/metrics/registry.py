"""The metrics of a process: cells that cost a fraction of a microsecond, and what reads them.

A cell is added to by one thread; who reads may see a sum without its count, once. A library's own
instruments look up their labels and take a lock each time, at several times the cost.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal, TypeVar

from authstream.metrics.names import (
    INSTRUMENTS,
    SECONDS,
    CounterName,
    GaugeName,
    HistogramName,
    Instrument,
    Name,
)

#: Series of one metric; values of labels beyond are counted together as `OTHER`.
MOST_SERIES = 2_000
OTHER = "other"
#: A value with those of its labels, in the instrument's order.
Reading = tuple[tuple[str, ...], float]
#: Counted elsewhere and read here.
ReadCounter = Literal["authstream.broker.errors", "authstream.worker.restarts"]


class Counter:
    """Goes up."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value = 0

    def add(self, amount: int = 1) -> None:
        """Count."""
        self.value += amount


class Histogram:
    """Counts seconds by the bounds of `names.SECONDS`."""

    __slots__ = ("counts", "total")

    def __init__(self) -> None:
        #: Up to each bound, and one more above all of them.
        self.counts = [0] * (len(SECONDS) + 1)
        self.total = 0.0

    def observe(self, seconds: float) -> None:
        """Take in one value; clocks differ, so one before 0 is 0."""
        if seconds > 0:
            self.counts[bisect_left(SECONDS, seconds)] += 1
            self.total += seconds
        else:
            self.counts[0] += 1


C = TypeVar("C", Counter, Histogram)


@dataclass(frozen=True, slots=True)
class Family:
    """All series of one metric at one moment."""

    instrument: Instrument
    numbers: dict[tuple[str, ...], float] = field(default_factory=dict[tuple[str, ...], float])
    #: Counts by bound, and the sum.
    histograms: dict[tuple[str, ...], tuple[list[int], float]] = field(
        default_factory=dict[tuple[str, ...], tuple[list[int], float]]
    )


class Registry:
    """Makes cells, each once, and reads them all."""

    def __init__(self, *, most: int = MOST_SERIES) -> None:
        self._most = most
        self._counters: dict[Name, dict[tuple[str, ...], Counter]] = {}
        self._histograms: dict[Name, dict[tuple[str, ...], Histogram]] = {}
        self._read: dict[object, tuple[Name, Callable[[], Iterable[Reading]]]] = {}

    def counter(self, name: CounterName, *values: str) -> Counter:
        """The cell of these values of the instrument's labels."""
        known = self._counters.setdefault(name, {})
        return known.get(values) or self._added(known, name, values, Counter)

    def histogram(self, name: HistogramName, *values: str) -> Histogram:
        """As `counter`."""
        known = self._histograms.setdefault(name, {})
        return known.get(values) or self._added(known, name, values, Histogram)

    def read(
        self, name: GaugeName | ReadCounter, function: Callable[[], Iterable[Reading]]
    ) -> Callable[[], None]:
        """Ask for values whenever somebody looks; what is returned ends that."""
        asked = object()
        self._read[asked] = (name, function)
        return lambda: self._read.pop(asked, None) and None

    def collect(self) -> list[Family]:
        """Everything there is now, by name; for any thread."""
        families = {name: Family(INSTRUMENTS[name]) for name in INSTRUMENTS}
        for name, counters in list(self._counters.items()):
            found = families[name].numbers
            found.update({values: cell.value for values, cell in list(counters.items())})
        for name, histograms in list(self._histograms.items()):
            families[name].histograms.update(
                {
                    values: (list(cell.counts), cell.total)
                    for values, cell in list(histograms.items())
                }
            )
        for name, function in list(self._read.values()):
            for values, number in function():
                self._put(families[name], values, number)
        return [one for one in families.values() if one.numbers or one.histograms]

    def _put(self, family: Family, values: tuple[str, ...], number: float) -> None:
        _check(family.instrument, values)
        if len(family.numbers) < self._most or values in family.numbers:
            family.numbers[values] = number

    def _added(
        self,
        known: dict[tuple[str, ...], C],
        name: Name,
        values: tuple[str, ...],
        kind: type[C],
    ) -> C:
        _check(INSTRUMENTS[name], values)
        if len(known) >= self._most:
            values = (OTHER,) * len(values)
        return known.setdefault(values, kind())


def _check(instrument: Instrument, values: tuple[str, ...]) -> None:
    if len(values) != len(instrument.labels):
        raise ValueError(f"{instrument.name} has the labels {instrument.labels}, not {values}")


#: Of this process.
REGISTRY = Registry()
