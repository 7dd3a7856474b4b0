"""Level and guests as OpenTelemetry gauges."""

from __future__ import annotations

from dataclasses import dataclass

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, NumberDataPoint

from authstream.sandbox.census import Census, GuestUse, observe


@dataclass(frozen=True, slots=True)
class _Guest:
    use: GuestUse


def test_level_and_memory_are_gauges() -> None:
    """One value for each guest, under labels that do not grow with restarts."""
    census, reader = Census(), InMemoryMetricReader()
    observe(MeterProvider([reader]).get_meter("test"), census)
    assert _read(reader) == {}
    census.level = "landlock"
    for memory in (10, 20):
        number = census.enter("crm", _Guest(GuestUse("crm", memory // 10 - 1, 7, memory, 99, 1)))
        assert number == memory // 10 - 1
    census.leave("crm", 0)
    assert _read(reader) == {
        ("authstream.sandbox.level", "landlock"): 2,
        ("authstream.guest.memory", "crm", 1): 20,
        ("authstream.guest.memory.limit", "crm", 1): 99,
        ("authstream.guest.in_flight", "crm", 1): 1,
    }
    assert census.enter("crm", _Guest(GuestUse("crm", 0, 8, 1, 99, 0))) == 0


def _read(reader: InMemoryMetricReader) -> dict[tuple[object, ...], float]:
    found = reader.get_metrics_data()
    if found is None:
        return {}
    metrics = found.resource_metrics[0].scope_metrics[0].metrics
    return {
        (metric.name, *(point.attributes or {}).values()): point.value
        for metric in metrics
        for point in metric.data.data_points
        if isinstance(point, NumberDataPoint)
    }
