"""The way out by pushing: metrics by OTLP/HTTP, when the standard variables name an endpoint."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

from authstream.metrics.names import SECONDS
from authstream.metrics.registry import REGISTRY, Family, Registry

if TYPE_CHECKING:
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.sdk.metrics.export import Metric, MetricsData, NumberDataPoint
    from opentelemetry.sdk.resources import Resource

#: OpenTelemetry's default.
INTERVAL = timedelta(seconds=60)
_SCOPE = "authstream"
#: Attributes are named as those of spans.
_PREFIX = "authstream."
_STOPPED_WITHIN_SECONDS = 10.0


class Push:
    """A thread that exports every `OTEL_METRIC_EXPORT_INTERVAL` milliseconds, and at the end."""

    def __init__(self, exporter: OTLPMetricExporter, registry: Registry, service: str) -> None:
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415 - only when used

        self._exporter = exporter
        self._registry = registry
        self._resource = Resource.create({"service.name": service})
        self._began = time.time_ns()
        self._ended = threading.Event()
        said = os.environ.get("OTEL_METRIC_EXPORT_INTERVAL")
        self._seconds = int(said) / 1000 if said else INTERVAL.total_seconds()
        self._thread = threading.Thread(target=self._run, name="authstream-metrics", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Export once more, for a bounded time."""
        self._ended.set()
        self._thread.join(_STOPPED_WITHIN_SECONDS)

    def _run(self) -> None:
        while not self._ended.wait(self._seconds):
            self._export()
        self._export()
        self._exporter.shutdown()

    def _export(self) -> None:
        self._exporter.export(exported(self._registry, self._resource, since=self._began))


def start(service: str, registry: Registry = REGISTRY) -> Push | None:
    """Export from now on, if an endpoint for metrics is named.

    The variable for all signals is for traces alone unless `OTEL_METRICS_EXPORTER` is `otlp`: many
    collectors of traces refuse metrics.
    """
    if os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true" or not (
        os.environ.get("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT")
        or os.environ.get("OTEL_METRICS_EXPORTER") == "otlp"
    ):
        return None
    from opentelemetry.exporter.otlp.proto.http import (  # noqa: PLC0415 - only when used
        metric_exporter,
    )

    name = os.environ.get("OTEL_SERVICE_NAME", service)
    return Push(metric_exporter.OTLPMetricExporter(), registry, name)


def exported(registry: Registry, resource: Resource, *, since: int) -> MetricsData:
    """Everything in a registry, cumulative since a time in nanoseconds, for the exporter."""
    from opentelemetry.sdk.metrics.export import (  # noqa: PLC0415 - only when used
        MetricsData,
        ResourceMetrics,
        ScopeMetrics,
    )
    from opentelemetry.sdk.util.instrumentation import (  # noqa: PLC0415 - as above
        InstrumentationScope,
    )

    now = time.time_ns()
    metrics = [_metric(family, since, now) for family in registry.collect()]
    scope = ScopeMetrics(InstrumentationScope(_SCOPE), metrics, "")
    return MetricsData([ResourceMetrics(resource, [scope], "")])


def _metric(family: Family, since: int, now: int) -> Metric:
    from opentelemetry.sdk.metrics import export  # noqa: PLC0415 - only when used

    said, cumulative = family.instrument, export.AggregationTemporality.CUMULATIVE
    data: export.Histogram | export.Sum | export.Gauge
    if said.kind == "histogram":
        points = [
            export.HistogramDataPoint(
                _attributes(family, values),
                since,
                now,
                sum(counts),
                total,
                counts,
                SECONDS,
                min=None,  # type: ignore[arg-type] # optional in OTLP, and not kept here
                max=None,  # type: ignore[arg-type] # as above
            )
            for values, (counts, total) in family.histograms.items()
        ]
        data = export.Histogram(points, cumulative)
    elif said.kind == "counter":
        data = export.Sum(list(_numbers(family, since, now)), cumulative, is_monotonic=True)
    else:
        data = export.Gauge(list(_numbers(family, since, now)))
    return export.Metric(said.name, said.about, said.unit, data)


def _numbers(family: Family, since: int, now: int) -> Iterator[NumberDataPoint]:
    from opentelemetry.sdk.metrics.export import NumberDataPoint  # noqa: PLC0415 - only when used

    for values, number in family.numbers.items():
        yield NumberDataPoint(_attributes(family, values), since, now, number)


def _attributes(family: Family, values: tuple[str, ...]) -> dict[str, str]:
    return {
        f"{_PREFIX}{label}": value
        for label, value in zip(family.instrument.labels, values, strict=True)
    }
