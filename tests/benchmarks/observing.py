"""What being observed costs a message: tracing that is off, metrics; and what libraries cost."""

from __future__ import annotations

import time
from collections.abc import Callable

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from prometheus_client import CollectorRegistry
from prometheus_client import Histogram as LibraryHistogram

from authstream import telemetry
from authstream.broker.assignment import Assigned, Cell
from authstream.broker.stage_meter import StageMeter
from authstream.engine.ports import Message
from authstream.metrics.registry import REGISTRY
from tests.benchmarks.figures import Figures

OFF = "tracing, switched off: all of it for a message"
METER = "metrics: all of them for a message in a stage"
COUNTER = "metrics: one counter, found by its labels"
PROMETHEUS = "one observation of prometheus_client's, for comparison"
OPENTELEMETRY = "one observation of OpenTelemetry's, for comparison"
ROWS = (OFF, METER, COUNTER, PROMETHEUS, OPENTELEMETRY)
_CALLS = 100_000
_HEADERS = (("traceparent", b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),)


def measure(repetitions: int) -> Figures:
    """Nanoseconds of each, in this process."""
    figures = Figures()
    for _ in range(repetitions):
        for name, work in _works().items():
            figures.add(name, ns=_nanoseconds(work))
    return figures


def off_ns() -> float:
    """Nanoseconds of all that tracing does for a message when it is off."""
    return _nanoseconds(_works()[OFF])


def _works() -> dict[str, Callable[[], object]]:
    meter = StageMeter("bench")
    cell = Cell(Message("t", 0, 0, None, None, (), time.time_ns() // 1_000_000), Assigned("t", 0))
    library = LibraryHistogram("bench", "bench", ("stage",), registry=CollectorRegistry())
    kept = library.labels("bench")
    meters = MeterProvider([InMemoryMetricReader()]).get_meter("bench")
    standard = meters.create_histogram("bench")

    def off() -> None:
        telemetry.AT_WORK.set(_HEADERS)
        telemetry.tracing()
        telemetry.tracing()
        telemetry.AT_WORK.set(())

    def metered() -> None:
        meter.begin(cell)
        meter.end(cell)

    return {
        OFF: off,
        METER: metered,
        COUNTER: lambda: REGISTRY.counter("authstream.action.runs", "bench", "ok").add(),
        PROMETHEUS: lambda: kept.observe(0.003),
        OPENTELEMETRY: lambda: standard.record(0.003, {"stage": "bench"}),
    }


def _nanoseconds(work: Callable[[], object]) -> float:
    began = time.perf_counter_ns()
    for _ in range(_CALLS):
        work()
    return (time.perf_counter_ns() - began) / _CALLS
