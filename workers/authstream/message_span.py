"""The span of one message in one hop, recorded at a fraction of the cost of the SDK's own.

The SDK checks, copies and locks attributes one by one, because it cannot know them. Those of a
message are made by us, all at the start, and are few: the span is its own readable form, nothing is
copied. For a sampled parent under a sampler that follows it; for all else `telemetry` asks the SDK.
"""

from __future__ import annotations

from collections.abc import Mapping
from time import time_ns
from typing import Any

from opentelemetry.sdk.trace import Event, ReadableSpan, Tracer
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import (
    Link,
    Span,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TracerProvider,
)
from opentelemetry.util.types import AnyValue

_UNSET = Status(StatusCode.UNSET)
#: How a sampler describes itself that leaves the decision to the parent, wherever there is one.
_FOLLOWS = (
    "remoteParentSampled:AlwaysOnSampler,remoteParentNotSampled:AlwaysOffSampler,"
    "localParentSampled:AlwaysOnSampler,localParentNotSampled:AlwaysOffSampler}"
)


class MessageSpans:
    """Makes the spans of messages for one provider."""

    def __init__(self, tracer: Tracer, scope: str) -> None:
        self.tracer = tracer
        self.scope = InstrumentationScope(scope)

    def start(
        self,
        name: str,
        parent: SpanContext,
        *,
        kind: SpanKind,
        links: tuple[Link, ...],
        attributes: dict[str, str | int],
    ) -> MessageSpan:
        """A recording child of a sampled parent, begun now."""
        made = MessageSpan(self, name, parent, kind=kind, links=links, attributes=attributes)
        self.tracer.span_processor.on_start(made)  # type: ignore[arg-type]  # the API's Span, as processors need
        return made


class MessageSpan(Span, ReadableSpan):
    """Begun when made; `end` hands it to the span processors, after which nothing changes it."""

    def __init__(
        self,
        spans: MessageSpans,
        name: str,
        parent: SpanContext,
        *,
        kind: SpanKind,
        links: tuple[Link, ...],
        attributes: dict[str, str | int],
    ) -> None:
        self._spans = spans
        self._name = name
        self._parent = parent
        self._kind = kind
        self._links = links
        self._attributes: dict[str, Any] = attributes
        self._events: tuple[Event, ...] = ()
        self._status = _UNSET
        self._resource = spans.tracer.resource
        self._instrumentation_scope = spans.scope
        self._instrumentation_info = None
        self._made = SpanContext(
            parent.trace_id,
            spans.tracer.id_generator.generate_span_id(),
            is_remote=False,
            trace_flags=parent.trace_flags,
            trace_state=parent.trace_state,
        )
        self._context = self._made
        self._end_time: int | None = None
        self._start_time = time_ns()

    def get_span_context(self) -> SpanContext:
        """Trace and span id."""
        return self._made

    def is_recording(self) -> bool:
        """Until it ends."""
        return self._end_time is None

    def end(self, end_time: int | None = None) -> None:
        """Finish and export; a second time does nothing."""
        if self._end_time is None:
            self._end_time = time_ns() if end_time is None else end_time
            self._spans.tracer.span_processor.on_end(self)

    def set_attribute(self, key: str, value: AnyValue) -> None:
        """Add or replace an attribute."""
        if self._end_time is None:
            self._attributes[key] = value

    def set_attributes(self, attributes: Mapping[str, AnyValue]) -> None:
        """Add or replace attributes."""
        if self._end_time is None:
            self._attributes.update(attributes)

    def set_status(self, status: Status | StatusCode, description: str | None = None) -> None:
        """Say whether it went well."""
        if self._end_time is None:
            self._status = status if isinstance(status, Status) else Status(status, description)

    def update_name(self, name: str) -> None:
        """Rename."""
        if self._end_time is None:
            self._name = name

    def add_event(
        self,
        name: str,
        attributes: Mapping[str, AnyValue] | None = None,
        timestamp: int | None = None,
    ) -> None:
        """Something that happened meanwhile."""
        if self._end_time is None:
            self._events = (*self._events, Event(name, attributes, timestamp))

    def record_exception(
        self,
        exception: BaseException,
        attributes: Mapping[str, AnyValue] | None = None,
        timestamp: int | None = None,
        escaped: bool = False,  # noqa: FBT001, FBT002 - the API's signature
    ) -> None:
        """An event of the semantic conventions; no stack trace, which may hold secrets."""
        said = {
            "exception.type": type(exception).__qualname__,
            "exception.escaped": str(escaped),
            **(attributes or {}),
        }
        self.add_event("exception", said, timestamp)


def message_spans(provider: TracerProvider, scope: str) -> MessageSpans | None:
    """What makes spans for this provider, or None where its sampler must be asked for each."""
    tracer = provider.get_tracer(scope)
    return (
        MessageSpans(tracer, scope)
        if isinstance(tracer, Tracer) and tracer.sampler.get_description().endswith(_FOLLOWS)
        else None
    )
