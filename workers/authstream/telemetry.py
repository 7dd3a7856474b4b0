"""One trace for each login over every hop: spans, trace context in headers, export by OTLP.

Parent is the previous hop and the span also links to it (messaging semantic conventions allow the
parent for single-message processing). Switched off it costs one comparison a message.
"""

from __future__ import annotations

import os
import re
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, TypeGuard
from urllib.parse import quote, unquote

from opentelemetry import baggage, context, trace
from opentelemetry.trace import (
    INVALID_SPAN_CONTEXT,
    Link,
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    StatusCode,
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
#: W3C Baggage: a header, and in it the tenant.
BAGGAGE = "baggage"
TENANT = "authstream.tenant"
FLOW = "authstream.flow_id"
#: Headers that say what a record is about, and the attributes that repeat it.
_ABOUT = {
    "authstream-flow-id": FLOW,
    "authstream-tenant": TENANT,
    "authstream-trigger": "authstream.trigger",
    "ce_id": "messaging.message.id",
}
#: Of the record that a stage works on, for its logs.
AT_WORK: ContextVar[Headers] = ContextVar("authstream_at_work", default=())
_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_SERVICE = "authstream"
_SYSTEM = "kafka"
_MEMBER = TENANT.encode() + b"="
#: `00-<trace id>-<span id>-<flags>`; a later version may add parts (W3C Trace Context level 1).
_VALUE = re.compile(rb"[\da-f]{2}-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(?:-.*)?", re.IGNORECASE)
#: One that says that nothing is recorded (the lowest flag); ids of zeros are none.
_NOT_RECORDED = re.compile(rb"00-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-[\da-f][02468ace]")


class Unrecorded(NonRecordingSpan):
    """In place of a message's span, where its headers say that nothing is recorded.

    Its context is read from them when somebody asks: of ten logins, nine need none.
    """

    def __init__(self, headers: Headers) -> None:
        super().__init__(INVALID_SPAN_CONTEXT)
        self._headers: Headers | None = headers

    def get_span_context(self) -> SpanContext:
        """The hop's before."""
        if self._headers is not None:
            self._context = remote_parent(self._headers) or INVALID_SPAN_CONTEXT
            self._headers = None
        return self._context


class Tracing:
    """Makes the spans of messages. One for each process, or None when tracing is off."""

    def __init__(self, tracer: trace.Tracer, spans: MessageSpans | None = None) -> None:
        self.tracer = tracer
        #: The cheap way, where the sampler need not be asked.
        self._spans = spans

    def process(self, topic: str, headers: Headers, attributes: Mapping[str, str | int]) -> Span:
        """The consumer span of a message; a child of the hop before, or the start of a trace."""
        if self._spans is not None and _is_not_recorded(headers):
            return Unrecorded(headers)
        parent = remote_parent(headers)
        said = {
            "messaging.system": _SYSTEM,
            "messaging.operation.name": "process",
            "messaging.operation.type": "process",
            "messaging.destination.name": topic,
            **attributes,
            **_about(headers),
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
        if isinstance(parent, Unrecorded):
            return parent
        said: dict[str, str | int] = {
            "messaging.system": _SYSTEM,
            "messaging.operation.name": "send",
            "messaging.operation.type": "send",
            "messaging.destination.name": topic,
        }
        context_of = (parent or trace.get_current_span()).get_span_context()
        if self.drops(context_of):
            return NonRecordingSpan(context_of)
        return self._start(
            f"send {topic}", context_of, kind=SpanKind.PRODUCER, links=(), attributes=said
        )

    def call(
        self,
        name: str,
        callers: Sequence[SpanContext],
        attributes: Mapping[str, str | int],
        *,
        began: int,
        error: str = "",
    ) -> None:
        """The client span of a call that is over, made by one of `callers`; `began` in nanoseconds.

        It is a child of the first, and linked to the others, as which of them made it is not known.
        """
        parent, *others = callers
        if self.drops(parent):
            return
        made = self.tracer.start_span(
            name,
            context=set_span_in_context(NonRecordingSpan(parent), context.Context()),
            kind=SpanKind.CLIENT,
            attributes=attributes,
            links=[Link(other) for other in others],
            start_time=began,
        )
        if error:
            made.set_attribute("error.type", error)
            made.set_status(StatusCode.ERROR)
        made.end()

    def drops(self, parent: SpanContext | None) -> TypeGuard[SpanContext]:
        """Whether it is known without asking that nothing below this parent is recorded."""
        return (
            self._spans is not None
            and parent is not None
            and parent.is_valid
            and not parent.trace_flags.sampled
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
    """The headers with the span as `traceparent`, once: of two the first, old one would count.

    A record that names its tenant has it in its baggage too, for whoever knows only the standard.
    Of what is not recorded the headers name the hop before already, and stay as they are.
    """
    if isinstance(span, Unrecorded) and any(name == TRACEPARENT for name, _ in headers):
        return headers
    made = span.get_span_context()
    value = f"00-{made.trace_id:032x}-{made.span_id:016x}-{made.trace_flags:02x}".encode()
    kept: list[tuple[str, bytes]] = []
    tenant = carried = b""
    for header in headers:
        name, said = header
        if name == TRACEPARENT:
            continue
        if name == "authstream-tenant":
            tenant = tenant or said
        elif name == BAGGAGE:
            carried = carried or said
        kept.append(header)
    kept.append((TRACEPARENT, value))
    if tenant and _MEMBER not in carried:
        member = _MEMBER + quote(tenant, safe="").encode()
        kept = [header for header in kept if header[0] != BAGGAGE]
        kept.append((BAGGAGE, carried + b"," + member if carried else member))
    return tuple(kept)


def within(span: Span, headers: Headers) -> context.Context:
    """The context in which a record is worked on: its span, and its tenant as baggage."""
    made = set_span_in_context(span)
    if isinstance(span, Unrecorded):
        return made
    for name, value in headers:
        if name == BAGGAGE and _MEMBER in value:
            said = value.partition(_MEMBER)[2].partition(b",")[0].partition(b";")[0]
            return baggage.set_baggage(TENANT, unquote(said.decode("ascii", "replace")), made)
    return made


def _is_not_recorded(headers: Headers) -> bool:
    for name, value in headers:
        if name == TRACEPARENT:
            return _NOT_RECORDED.fullmatch(value) is not None
    return False


def _about(headers: Headers) -> dict[str, str | int]:
    return {
        _ABOUT[name]: value.decode("utf-8", "replace") for name, value in headers if name in _ABOUT
    }


def describe(attributes: Mapping[str, str | int], *, error: str = "") -> None:
    """Say more of the current span, and that it failed, by an error's code; nothing when off."""
    if not _active or not (current := trace.get_current_span()).is_recording():
        return
    for name, value in attributes.items():
        current.set_attribute(name, value)
    if error:
        current.set_attribute("error.type", error)
        current.set_status(StatusCode.ERROR)


def current_context() -> SpanContext | None:
    """Whose work this is, to name it later; None when nothing of it is recorded."""
    if not _active or isinstance(current := trace.get_current_span(), Unrecorded):
        return None
    made = current.get_span_context()
    return made if made.is_valid else None


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
    around = trace.get_current_span()
    if isinstance(around, Unrecorded) or active.drops(around.get_span_context()):
        yield trace.INVALID_SPAN
        return
    before = None if after is None else remote_parent(after)
    links = () if before is None else (Link(before),)
    tenant = baggage.get_baggage(TENANT)
    if isinstance(tenant, str):
        attributes = {TENANT: tenant, **attributes}
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


def shutdown() -> None:
    """Export what is left."""
    provider = trace.get_tracer_provider()
    stop = getattr(provider, "shutdown", None)
    if stop is not None and tracing() is not None:
        stop()
    deactivate()


#: At most one: what `activate` was given.
_active: list[Tracing] = []
