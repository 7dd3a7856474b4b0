"""The way out by scraping: a page in Prometheus' text format, and a port that serves it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import accumulate

import structlog
from prometheus_client import (
    CollectorRegistry,
    ProcessCollector,
    generate_latest,
    start_http_server,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from authstream.metrics.names import SECONDS
from authstream.metrics.registry import REGISTRY, Family, Registry
from authstream.settings import MetricsSettings

_BOUNDS = (*(f"{bound:g}" for bound in SECONDS), "+Inf")


class _Collected(Collector):
    """One of our registries, as the client library reads it."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def collect(self) -> Iterator[Metric]:
        """Every family with something in it."""
        yield from map(_metric, self._registry.collect())

    def describe(self) -> Iterable[Metric]:
        """Not asked beforehand: reading may take a moment."""
        return ()


def page(*registries: Registry) -> bytes:
    """What `/metrics` answers."""
    return generate_latest(_gathered(registries or (REGISTRY,)))


def serve(settings: MetricsSettings) -> None:
    """Serve the metrics of this process for as long as it lives, if a port is set.

    A port that is taken is logged: metrics are a view, and no reason to answer no logins.
    """
    if not settings.port:
        return
    try:
        start_http_server(settings.port, settings.host, _gathered((REGISTRY,)))
    except OSError as error:
        structlog.get_logger("authstream.metrics").error(
            "metrics_not_served",
            host=settings.host,
            port=settings.port,
            reason=str(error),
            remedy="set AUTHSTREAM_METRICS__PORT to a port that is free",
        )


def _gathered(registries: Iterable[Registry]) -> CollectorRegistry:
    gathered = CollectorRegistry()
    for registry in registries:
        gathered.register(_Collected(registry))
    ProcessCollector(registry=gathered)
    return gathered


def _metric(family: Family) -> Metric:
    said = family.instrument
    if said.kind == "histogram":
        histogram = HistogramMetricFamily(said.prometheus, said.about, labels=said.labels)
        for values, (counts, total) in family.histograms.items():
            buckets = list(zip(_BOUNDS, accumulate(counts), strict=True))
            histogram.add_metric(values, buckets, total)
        return histogram
    kind = CounterMetricFamily if said.kind == "counter" else GaugeMetricFamily
    metric = kind(said.prometheus, said.about, labels=said.labels)
    for values, number in family.numbers.items():
        metric.add_metric(values, number)
    return metric
