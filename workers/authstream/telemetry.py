"""One trace for each login over every hop: spans, trace context in headers, export by OTLP.

Parent is the previous hop and the span also links to it (messaging semantic conventions allow the
parent for single-message processing). Switched off it costs one comparison a message.
"""

from __future__ import annotations

import os
import re
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from opentelemetry import context, metrics, trace
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    TraceFlags,
    TraceState,
    set_span_in_context,
)

if TYPE_CHECKING:
    from authstream.message_span import MessageSpans

#: Kafka headers; telemetry is below the contracts that name them.
Headers = tuple[tuple[str, bytes], ...]

TRACEPARENT = "traceparent"
TRACESTATE = "tracestate"
_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_SERVICE = "authstream"
_SYSTEM = "kafka"
#: `00-<trace id>-<span id>-<flags>`; a later version may add parts (W3C Trace Context level 1).
_VALUE = re.compile(rb"[\da-f]{2}-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(?:-.*)?", re.IGNORECASE)


class Tracing:
    """Makes the spans of messages. One for each process, or None when tracing is off."""

    def __init__(self, tracer: trace.Tracer, spans: MessageSpans | None = None) -> None:
        self.tracer = tracer
        #: The cheap way, where the sampler need not be asked.
        self._spans = spans

    def process(self, topic: str, headers: Headers, attributes: Mapping[str, str | int]) -> Span:
        """The consumer span of a message; a child of the hop before, or the start of a trace."""
        parent = remote_parent(headers)
        said = {
            "messaging.system": _SYSTEM,
            "messaging.operation.name": "process",
            "messaging.operation.type": "process",
            "messaging.destination.name": topic,
            **attributes,
        }
        links = () if parent is None else (Link(parent),)
        return self._start(
            f"process {topic}", parent, kind=SpanKind.CONSUMER, links=links, attributes=said
        )

    def serve(self, name: str, headers: Headers, attributes: Mapping[str, str | int]) -> Span:
        """The server span of an HTTP call; a child of the caller's, or the start of a trace."""
        parent = remote_parent(headers)
        return self._start(
            name, parent, kind=SpanKind.SERVER, links=(), attributes=dict(attributes)
        )

    def send(self, topic: str, parent: Span | None = None) -> Span:
        """The producer span of a record, a child of the span that made it or of the current one."""
        said: dict[str, str | int] = {
            "messaging.system": _SYSTEM,
            "messaging.operation.name": "send",
            "messaging.operation.type": "send",
            "messaging.destination.name": topic,
        }
        context_of = (parent or trace.get_current_span()).get_span_context()
        return self._start(
            f"send {topic}", context_of, kind=SpanKind.PRODUCER, links=(), attributes=said
        )

    def _start(
        self,
        name: str,
        parent: SpanContext | None,
        *,
        kind: SpanKind,
        links: tuple[Link, ...],
        attributes: dict[str, str | int],
    ) -> Span:
        if (
            self._spans is not None
            and parent is not None
            and parent.is_valid
            and parent.trace_flags.sampled
        ):
            return self._spans.start(name, parent, kind=kind, links=links, attributes=attributes)
        under = (
            context.Context()
            if parent is None
            else set_span_in_context(NonRecordingSpan(parent), context.Context())
        )
        return self.tracer.start_span(
            name, context=under, kind=kind, attributes=attributes, links=links
        )


def remote_parent(headers: Headers) -> SpanContext | None:
    """The span context in `traceparent`, or None when there is none that is valid."""
    found = state = None
    for name, value in headers:
        if name == TRACEPARENT and found is None:
            found = value
        elif name == TRACESTATE and state is None:
            state = value
    matched = _VALUE.fullmatch(found) if found is not None else None
    if matched is None:
        return None
    trace_id, span_id, flags = matched.groups()
    kept = TraceState.from_header([state.decode("ascii", "replace")]) if state else None
    parent = SpanContext(
        int(trace_id, 16),
        int(span_id, 16),
        is_remote=True,
        trace_flags=TraceFlags(int(flags, 16)),
        trace_state=kept,
    )
    return parent if parent.is_valid else None


def injected(headers: Headers, span: Span) -> Headers:
    """The headers with the span as `traceparent`, once: of two the first, old one would count."""
    made = span.get_span_context()
    value = f"00-{made.trace_id:032x}-{made.span_id:016x}-{made.trace_flags:02x}".encode()
    return (*((name, kept) for name, kept in headers if name != TRACEPARENT), (TRACEPARENT, value))


@contextmanager
def span(
    name: str,
    attributes: Mapping[str, str | int],
    *,
    kind: SpanKind = SpanKind.INTERNAL,
    after: Headers | None = None,
) -> Generator[Span]:
    """A span of ours within the current one; does nothing when tracing is off.

    `after`: headers of the record that it follows on, which the span links to.
    """
    active = tracing()
    if active is None:
        yield trace.INVALID_SPAN
        return
    before = None if after is None else remote_parent(after)
    links = () if before is None else (Link(before),)
    with active.tracer.start_as_current_span(
        name, kind=kind, attributes=attributes, links=links
    ) as current:
        yield current


def tracing() -> Tracing | None:
    """What makes spans in this process; None when tracing is off."""
    return _active[0] if _active else None


def activate(provider: trace.TracerProvider) -> Tracing:
    """Trace with this provider from now on."""
    # Imported only when used: the SDK takes some 40 ms to load.
    from authstream.message_span import message_spans  # noqa: PLC0415 - only when used

    _active[:] = [Tracing(provider.get_tracer(_SERVICE), message_spans(provider, _SERVICE))]
    return _active[0]


def deactivate() -> None:
    """Trace no more."""
    _active.clear()


def configure(service: str) -> None:
    """Export by OTLP/HTTP, in batches, when the standard variables name an endpoint."""
    if os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true" or not any(
        os.environ.get(name) for name in _ENDPOINTS
    ):
        return
    # Imported only when used: the exporter takes a tenth of a second to load.
    from opentelemetry.exporter.otlp.proto.http import (  # noqa: PLC0415 - see above
        trace_exporter,
    )
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415 - as above
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415 - as above
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415 - as above

    provider = TracerProvider(
        resource=Resource.create({"service.name": os.environ.get("OTEL_SERVICE_NAME", service)})
    )
    provider.add_span_processor(BatchSpanProcessor(trace_exporter.OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    activate(provider)


def configure_metrics(service: str) -> None:
    """Export gauges by OTLP/HTTP, when a standard variable names an endpoint for metrics.

    The one for everything is for traces alone unless `OTEL_METRICS_EXPORTER` is `otlp`: many
    collectors of traces refuse metrics.
    """
    if os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true" or not (
        os.environ.get("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT")
        or os.environ.get("OTEL_METRICS_EXPORTER") == "otlp"
    ):
        return
    from opentelemetry.exporter.otlp.proto.http import (  # noqa: PLC0415 - only when used
        metric_exporter,
    )
    from opentelemetry.sdk.metrics import MeterProvider  # noqa: PLC0415 - as above
    from opentelemetry.sdk.metrics.export import (  # noqa: PLC0415 - as above
        PeriodicExportingMetricReader,
    )
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415 - as above

    reader = PeriodicExportingMetricReader(metric_exporter.OTLPMetricExporter())
    name = os.environ.get("OTEL_SERVICE_NAME", service)
    metrics.set_meter_provider(MeterProvider([reader], Resource.create({"service.name": name})))


def shutdown() -> None:
    """Export what is left."""
    if (stop_metrics := getattr(metrics.get_meter_provider(), "shutdown", None)) is not None:
        stop_metrics()
    provider = trace.get_tracer_provider()
    stop = getattr(provider, "shutdown", None)
    if stop is not None and tracing() is not None:
        stop()
    deactivate()


#: At most one: what `activate` was given.
_active: list[Tracing] = []
