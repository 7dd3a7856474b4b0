"""An event as it is published: its record, with CloudEvents headers and the current trace."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from authstream import telemetry
from authstream.contracts import headers as h
from authstream.contracts.topics import Topics
from authstream.engine.ports import Message, Output
from authstream.errors import AuthstreamError, BrokerUnreachableError

#: The broker acknowledges an event within this time, or it counts as not published.
PUBLISH_WITHIN = timedelta(seconds=10)
_MILLISECOND = timedelta(milliseconds=1)


class NoVerdictError(AuthstreamError):
    """No verdict came within the time that the caller allowed; the login must not be let in."""

    code = "no_verdict"
    exit_status = 75


@dataclass(frozen=True, slots=True)
class LoginEvent:
    """A login event to publish. `id` is the provider's idempotency key, the same on a retry."""

    trigger: str
    data: bytes
    id: str
    source: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where a published event is. `timestamp` is the broker's, in milliseconds since the epoch."""

    topic: str
    partition: int
    offset: int
    timestamp: int


@contextmanager
def request(event: LoginEvent, topics: Topics, extra: h.Headers = ()) -> Generator[Output]:
    """The record of an event, within the producer span of its sending."""
    topic = topics.requested(event.trigger)
    members = {
        h.CE_ID: event.id,
        h.CE_SOURCE: event.source,
        h.CE_TYPE: f"authstream.{event.trigger}.requested.v1",
        h.CE_SPECVERSION: "1.0",
    }
    headers = (*h.make(members), (h.CONTENT_TYPE, h.JSON_TYPE), *extra)
    tracing = telemetry.tracing()
    if tracing is None:
        yield Output(topic, None, event.data, headers)
        return
    span = tracing.send(topic)
    try:
        yield Output(topic, None, event.data, telemetry.injected(headers, span))
    finally:
        span.end()


def deadline_header(timeout: timedelta) -> tuple[str, bytes]:
    """Until when the caller waits."""
    return h.DEADLINE, b"%d" % (time.time_ns() // 1_000_000 + timeout // _MILLISECOND)


def place_of(written: Message) -> Place:
    """Where a record was written."""
    return Place(written.topic, written.partition, written.offset, written.timestamp)


def unacknowledged(event: LoginEvent) -> BrokerUnreachableError:
    """The error for an event that the broker did not confirm; it may be there all the same."""
    return BrokerUnreachableError(
        f"event {event.id} was not published (no acknowledgement within "
        f"{PUBLISH_WITHIN.total_seconds():.0f} s): check AUTHSTREAM_BROKERS and "
        "`authstream topics check`"
    )


def no_verdict(event: LoginEvent, timeout: timedelta) -> NoVerdictError:
    """The error for an event that was not decided in time."""
    return NoVerdictError(
        f"no verdict on event {event.id} within {timeout.total_seconds()} s: is a worker running?"
    )
