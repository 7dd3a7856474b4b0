"""A message's span is the one that the SDK would have made, only cheaper."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, DEFAULT_ON, Sampler
from opentelemetry.trace import StatusCode

from authstream import telemetry
from authstream.message_span import MessageSpan

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SAMPLED = (("traceparent", f"00-{TRACE}-{PARENT}-01".encode()), ("tracestate", b"vendor=value"))
UNSAMPLED = (("traceparent", f"00-{TRACE}-{PARENT}-00".encode()),)


@pytest.fixture
def exporter() -> Iterator[InMemorySpanExporter]:
    """Collects the spans of a test; tracing is off again after it."""
    yield InMemorySpanExporter()
    telemetry.deactivate()


def trace_with(exporter: InMemorySpanExporter, sampler: Sampler) -> telemetry.Tracing:
    """Tracing as it is in a process, with a sampler."""
    provider = TracerProvider(sampler=sampler)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return telemetry.activate(provider)


def hop(tracing: telemetry.Tracing) -> None:
    """The spans of one hop, in every way that the runner uses them."""
    process = tracing.process("auth.in.v1", SAMPLED, {"messaging.kafka.offset": 7})
    sending = tracing.send("auth.out.v1", process)
    process.set_attribute("error.type", "too_large")
    process.set_status(StatusCode.ERROR)
    process.end()
    sending.end()


def seen(exporter: InMemorySpanExporter) -> list[object]:
    """What exporters send of each span, less ids and times."""
    return [
        (
            span.name,
            span.kind,
            dict(span.attributes or {}),
            span.status.status_code,
            [link.context.span_id for link in span.links],
            span.context and (span.context.trace_id, span.context.trace_state.to_header()),
            span.context and span.context.trace_flags,
        )
        for span in exporter.get_finished_spans()
    ]


def test_a_message_span_says_what_the_sdk_would(exporter: InMemorySpanExporter) -> None:
    """Name, kind, attributes, status, links, trace and flags are those of the SDK's own span."""
    quick = trace_with(exporter, DEFAULT_ON)
    assert isinstance(quick.process("auth.in.v1", SAMPLED, {}), MessageSpan)
    hop(quick)
    ours = seen(exporter)
    exporter.clear()
    hop(trace_with(exporter, ALWAYS_ON))
    assert ours == seen(exporter)
    assert len(ours) == 2


def test_a_message_span_is_a_child_of_the_hop_before(exporter: InMemorySpanExporter) -> None:
    """Parents lead from the send span over the process span to the publisher's."""
    hop(trace_with(exporter, DEFAULT_ON))
    process, sending = exporter.get_finished_spans()
    assert process.parent is not None
    assert sending.parent is not None
    assert f"{process.parent.span_id:016x}" == PARENT
    assert sending.parent == process.context
    assert (process.start_time or 0) <= (process.end_time or 0)


def test_an_ended_message_span_does_not_change(exporter: InMemorySpanExporter) -> None:
    """What is exported, later and by another thread, is the span as it was at its end."""
    span = trace_with(exporter, DEFAULT_ON).process("auth.in.v1", SAMPLED, {})
    span.end()
    span.set_attribute("late", 1)
    span.set_attributes({"late": 1})
    span.set_status(StatusCode.ERROR)
    span.update_name("late")
    span.add_event("late")
    span.end()
    (found,) = exporter.get_finished_spans()
    assert "late" not in (found.attributes or {})
    assert (found.name, found.status.status_code) == ("process auth.in.v1", StatusCode.UNSET)
    assert found.events == ()


def test_an_unsampled_trace_is_not_recorded(exporter: InMemorySpanExporter) -> None:
    """The publisher's decision not to sample holds over every hop."""
    tracing = trace_with(exporter, DEFAULT_ON)
    span = tracing.process("auth.in.v1", UNSAMPLED, {})
    sending = tracing.send("auth.out.v1", span)
    span.end()
    sending.end()
    assert not sending.get_span_context().trace_flags.sampled
    assert exporter.get_finished_spans() == ()


def test_a_message_span_can_be_exported_by_otlp(exporter: InMemorySpanExporter) -> None:
    """The OTLP encoder takes it, an exception included."""
    span = trace_with(exporter, DEFAULT_ON).process("auth.in.v1", SAMPLED, {})
    span.record_exception(ValueError("secret"))
    span.end()
    encoded = encode_spans(exporter.get_finished_spans()).SerializeToString()
    assert b"process auth.in.v1" in encoded
    assert b"ValueError" in encoded
