"""What spans say beyond their messages: tenant as baggage, outcome, calls that are over."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from opentelemetry import context
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ParentBasedTraceIdRatio
from opentelemetry.trace import SpanKind, StatusCode

from authstream import telemetry
from authstream.message_span import MessageSpan

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SAMPLED = (("traceparent", f"00-{TRACE}-{PARENT}-01".encode()),)
UNSAMPLED = (("traceparent", f"00-{TRACE}-{PARENT}-00".encode()),)
OURS = (
    ("authstream-flow-id", b"flow-1"),
    ("authstream-tenant", "Müller, Söhne".encode()),
    ("ce_id", b"flow-1/0/2"),
)


@pytest.fixture
def exporter() -> Iterator[InMemorySpanExporter]:
    """Every span that is recorded; one in ten traces would be, where nobody decided before."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider(sampler=ParentBasedTraceIdRatio(0.1))
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    telemetry.activate(provider)
    yield exporter
    telemetry.deactivate()


def tracing() -> telemetry.Tracing:
    """What makes spans."""
    active = telemetry.tracing()
    assert active is not None
    return active


def said(exporter: InMemorySpanExporter, name: str) -> ReadableSpan:
    """The one span of this name."""
    (found,) = (span for span in exporter.get_finished_spans() if span.name == name)
    return found


def test_a_hop_names_flow_tenant_and_message(exporter: InMemorySpanExporter) -> None:
    """From the record's headers; the sampler follows the parent, so the cheap span does."""
    span = tracing().process("auth.in.v1", SAMPLED + OURS, {})
    assert isinstance(span, MessageSpan)
    span.end()
    attributes = said(exporter, "process auth.in.v1").attributes or {}
    assert attributes["authstream.flow_id"] == "flow-1"
    assert attributes["authstream.tenant"] == "Müller, Söhne"
    assert attributes["messaging.message.id"] == "flow-1/0/2"


def test_the_tenant_travels_as_baggage(exporter: InMemorySpanExporter) -> None:
    """Written once, after what is there already, and read again at the next hop."""
    span = tracing().process("auth.in.v1", SAMPLED, {})
    headers = telemetry.injected((*OURS, ("baggage", b"shard=7")), span)
    again = dict(telemetry.injected(headers, span))
    assert again["baggage"] == b"shard=7,authstream.tenant=M%C3%BCller%2C%20S%C3%B6hne"
    token = context.attach(telemetry.within(span, headers))
    with telemetry.span("run crm", {}):
        pass
    context.detach(token)
    assert (said(exporter, "run crm").attributes or {})["authstream.tenant"] == "Müller, Söhne"


def test_nothing_is_recorded_below_what_is_not_sampled(exporter: InMemorySpanExporter) -> None:
    """And the decision is handed on, so that no hop decides anew."""
    span = tracing().process("auth.in.v1", UNSAMPLED + OURS, {})
    token = context.attach(telemetry.within(span, UNSAMPLED))
    with telemetry.span("run crm", {}):
        telemetry.describe({"authstream.outcome": "ok"}, error="timeout")
    sending = tracing().send("auth.out.v1", span)
    context.detach(token)
    tracing().call("connect crm", [span.get_span_context()], {}, began=time.time_ns())
    handed = dict(telemetry.injected((), sending))["traceparent"]
    assert handed.startswith(f"00-{TRACE}-".encode())
    assert handed.endswith(b"-00")
    assert exporter.get_finished_spans() == ()


def test_what_is_not_recorded_goes_on_as_it_came(exporter: InMemorySpanExporter) -> None:
    """Its headers name the hop before already; a record that has none is given them."""
    span = tracing().process("auth.in.v1", UNSAMPLED + OURS, {})
    assert isinstance(span, telemetry.Unrecorded)
    assert tracing().send("auth.out.v1", span) is span
    assert telemetry.injected(OURS + UNSAMPLED, span) == OURS + UNSAMPLED
    assert dict(telemetry.injected(OURS, span))["traceparent"] == UNSAMPLED[0][1]
    assert exporter.get_finished_spans() == ()


@pytest.mark.parametrize(("flags", "unrecorded"), [("00", True), ("02", True), ("03", False)])
def test_only_the_lowest_flag_counts(
    exporter: InMemorySpanExporter, flags: str, *, unrecorded: bool
) -> None:
    """The others say something else, such as that the id is random (W3C level 2)."""
    headers = (("traceparent", f"00-{TRACE}-{PARENT}-{flags}".encode()),)
    span = tracing().process("auth.in.v1", headers, {})
    assert isinstance(span, telemetry.Unrecorded) == unrecorded
    assert exporter.get_finished_spans() == ()


@pytest.mark.parametrize("parent", [f"00-{'0' * 32}-{PARENT}-00", f"00-{TRACE}-{'0' * 16}-00", ""])
def test_ids_of_zeros_decide_nothing(exporter: InMemorySpanExporter, parent: str) -> None:
    """They are no trace context, so that this hop decides whether its trace is recorded."""
    headers = (("traceparent", parent.encode()),)
    assert not isinstance(tracing().process("auth.in.v1", headers, {}), telemetry.Unrecorded)
    assert exporter.get_finished_spans() == ()


def test_a_failure_is_said_on_the_current_span(exporter: InMemorySpanExporter) -> None:
    """An outcome is an attribute, a failure an error with its code."""
    for outcome, code in (("denied", ""), ("failed", "timeout")):
        span = tracing().process(f"auth.{outcome}.v1", SAMPLED, {})
        token = context.attach(telemetry.within(span, ()))
        telemetry.describe({"authstream.outcome": outcome}, error=code)
        context.detach(token)
        span.end()
    denied, failed = exporter.get_finished_spans()
    assert (denied.status.status_code, (denied.attributes or {})["authstream.outcome"]) == (
        StatusCode.UNSET,
        "denied",
    )
    assert (failed.status.status_code, (failed.attributes or {})["error.type"]) == (
        StatusCode.ERROR,
        "timeout",
    )


def test_a_call_of_one_of_several_runs_is_linked_to_the_others(
    exporter: InMemorySpanExporter,
) -> None:
    """Which of them made it only the guest knows."""
    runs = [tracing().process("auth.in.v1", SAMPLED, {}).get_span_context() for _ in range(3)]
    began = time.time_ns() - 5_000_000
    said_of_it = {"server.address": "crm.example.com"}
    tracing().call("connect crm", runs, said_of_it, began=began, error="ECONNREFUSED")
    call = said(exporter, "connect crm")
    assert (call.kind, call.start_time, call.parent) == (SpanKind.CLIENT, began, runs[0])
    assert [link.context.span_id for link in call.links] == [run.span_id for run in runs[1:]]
    assert (call.status.status_code, (call.attributes or {})["error.type"]) == (
        StatusCode.ERROR,
        "ECONNREFUSED",
    )


def test_switched_off_nothing_is_said() -> None:
    """No span, no context, no error."""
    telemetry.describe({"a": "b"}, error="c")
    assert telemetry.current_context() is None
