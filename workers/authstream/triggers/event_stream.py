"""event-stream: something happened in the tenant, e.g. a user was created (Auth0's trigger, v1)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from authstream.contracts.event_members import Event, Free, Member
from authstream.contracts.slug import DEFAULT_TENANT
from authstream.contracts.verdict import Retry
from authstream.engine.limits import EVENT_STREAM_BUDGET, EVENT_STREAM_WAITS
from authstream.engine.parts.effects import Effects
from authstream.engine.trigger import Trigger


class StreamMessage(Member):
    """A CloudEvent."""

    id: str
    source: str
    specversion: str
    type: str
    data: Free | None = None
    time: str | None = None


class EventStreamEvent(Event):
    """The event of an event stream."""

    message: StreamMessage


def _tenant(event: dict[str, Any]) -> str:
    tenant: str = event["message"].get("a0tenant") or DEFAULT_TENANT
    return tenant


PLUGIN = Trigger(
    name="event-stream",
    handler="onExecuteEventStream",
    event=EventStreamEvent,
    parts=(Effects,),
    tenant=_tenant,
    budget=EVENT_STREAM_BUDGET,
    blocking=False,
    on_failure="retried",
    retry=Retry(waits_ms=tuple(wait // timedelta(milliseconds=1) for wait in EVENT_STREAM_WAITS)),
    differs=(
        "Each retry is a flow of its own; after the last the event is a dead letter. One flow "
        "serves all streams: bind an action for each, with a `when` on `event.message.type`. A "
        "stream is never switched off by itself."
    ),
)
