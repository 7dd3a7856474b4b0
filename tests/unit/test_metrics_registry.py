"""Metrics: what is counted comes out, by either way, and never as more series than are allowed."""

from __future__ import annotations

import urllib.request
from pathlib import Path
from typing import get_args

import pytest
import structlog
from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics
from opentelemetry.sdk.resources import Resource

from authstream.apps.up import free_port
from authstream.metrics import names, otlp, prometheus
from authstream.metrics.names import INSTRUMENTS, SECONDS
from authstream.metrics.registry import OTHER, Histogram, Registry
from authstream.settings import MetricsSettings

ROOT = Path(__file__).resolve().parents[2]


def lines(registry: Registry) -> list[str]:
    """The page, less what is said about names and about the process."""
    page = prometheus.page(registry).decode().splitlines()
    return sorted(line for line in page if line.startswith("authstream_"))


def test_the_table_has_every_name_once_and_no_other() -> None:
    """The literals that code may use are those that are described."""
    literals = [
        name
        for kind in (names.CounterName, names.HistogramName, names.GaugeName)
        for name in get_args(kind)
    ]
    assert sorted(literals) == sorted(INSTRUMENTS)
    assert all(set(one.labels) <= set(get_args(names.Label)) for one in INSTRUMENTS.values())


def test_counts_and_gauges_are_on_the_page() -> None:
    """Under the names and labels of the table, in OpenTelemetry's spelling for Prometheus."""
    registry = Registry()
    registry.counter("authstream.dead_letters", "entry", "too_large").add()
    registry.counter("authstream.dead_letters", "entry", "too_large").add(2)
    forget = registry.read("authstream.clock.skew", lambda: [((), -0.5)])
    assert lines(registry) == [
        "authstream_clock_skew_seconds -0.5",
        'authstream_dead_letters_total{reason="too_large",stage="entry"} 3.0',
    ]
    forget()
    assert len(lines(registry)) == 1


def test_a_histogram_has_cumulative_buckets() -> None:
    """A value on a bound is within it; one before 0, as of a clock that is behind, is 0."""
    registry = Registry()
    cell = registry.histogram("authstream.stage.queue", "entry")
    for seconds in (-3.0, 0.25, 0.26, 100.0):
        cell.observe(seconds)
    found = {line.split("le=")[1]: line for line in lines(registry) if "_bucket" in line}
    assert [found[f'"{bound:g}",stage="entry"}} {count:.1f}'] for bound, count in _expected()]
    assert 'authstream_stage_queue_seconds_sum{stage="entry"} 100.51' in lines(registry)
    assert 'authstream_stage_queue_seconds_count{stage="entry"} 4.0' in lines(registry)


def _expected() -> list[tuple[float, float]]:
    return [(bound, 1 if bound < 0.25 else 2 if bound < 0.5 else 3) for bound in SECONDS]


def test_the_objective_is_a_bound() -> None:
    """What the rules ask for by `le="0.25"` is there."""
    assert 0.25 in SECONDS
    assert len(Histogram().counts) == len(SECONDS) + 1


def test_labels_cannot_make_series_without_end() -> None:
    """Beyond the limit all is counted together, and nothing is lost of the sum."""
    registry = Registry(most=10)
    for number in range(1_000):
        registry.counter("authstream.effects", f"kind-{number}", "dead").add()
        registry.histogram("authstream.action.duration", f"action-{number}").observe(1)
    registry.read(
        "authstream.action.bound", lambda: [((f"action-{number}",), 1) for number in range(1_000)]
    )
    families = {family.instrument.name: family for family in registry.collect()}
    effects = families["authstream.effects"].numbers
    assert (len(effects), sum(effects.values())) == (11, 1_000)
    assert effects[OTHER, OTHER] == 990
    assert len(families["authstream.action.duration"].histograms) == 11
    assert len(families["authstream.action.bound"].numbers) == 10


def test_a_cell_is_made_once() -> None:
    """Whoever asks again counts in the same."""
    registry = Registry()
    assert registry.counter("authstream.metadata", "dead") is registry.counter(
        "authstream.metadata", "dead"
    )


def test_values_must_be_as_many_as_labels() -> None:
    """A mistake in our own code, told at once."""
    with pytest.raises(ValueError, match=r"authstream\.metadata has the labels"):
        Registry().counter("authstream.metadata", "dead", "surplus")


def test_otlp_says_the_same() -> None:
    """Dotted names, units, attributes named as those of spans, counts not cumulated by bound."""
    registry = Registry()
    registry.counter("authstream.effects", "email", "dead").add(3)
    registry.histogram("authstream.action.duration", "crm").observe(0.3)
    registry.read("authstream.clock.skew", lambda: [((), 0.5)])
    said = otlp.exported(registry, Resource.create({"service.name": "test"}), since=1)
    (scope,) = encode_metrics(said).resource_metrics[0].scope_metrics
    metrics = {metric.name: metric for metric in scope.metrics}
    (point,) = metrics["authstream.effects"].sum.data_points
    assert (point.as_double or point.as_int, metrics["authstream.effects"].sum.is_monotonic) == (
        3,
        True,
    )
    assert {one.key: one.value.string_value for one in point.attributes} == {
        "authstream.kind": "email",
        "authstream.status": "dead",
    }
    (histogram,) = metrics["authstream.action.duration"].histogram.data_points
    assert (histogram.count, histogram.sum, sum(histogram.bucket_counts)) == (1, 0.3, 1)
    assert not histogram.HasField("max")
    assert metrics["authstream.clock.skew"].unit == "s"


def test_a_port_serves_the_page() -> None:
    """Where a scrape comes by."""
    port = free_port(0)
    prometheus.serve(MetricsSettings(port=port))
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        assert b"process_resident_memory_bytes" in answer.read()


def test_a_port_that_is_taken_is_no_reason_to_end() -> None:
    """Metrics are a view: it is logged, with what to do."""
    port = free_port(0)
    prometheus.serve(MetricsSettings(port=port))
    with structlog.testing.capture_logs() as said:
        prometheus.serve(MetricsSettings(port=port))
    assert [(line["event"], "AUTHSTREAM_METRICS__PORT" in line["remedy"]) for line in said] == [
        ("metrics_not_served", True)
    ]
