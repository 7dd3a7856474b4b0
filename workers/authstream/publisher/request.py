"""What is published: events and browsers that came back, within the span of their sending."""

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
from authstream.errors import AuthstreamError, BrokerUnreachableError, StateInvalidError

#: The broker acknowledges a record within this time, or it counts as not published.
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
    #: The `authstream-hops` of the metadata write that the event comes of.
    hops: int = 0
    #: False: who publishes it tries it again by itself where its flow fails.
    retries: bool = True


@dataclass(frozen=True, slots=True)
class Place:
    """Where a published event is. `timestamp` is the broker's, in milliseconds since the epoch."""

    topic: str
    partition: int
    offset: int
    timestamp: int


def event_record(event: LoginEvent, topics: Topics, extra: h.Headers = ()) -> Output:
    """The record of an event."""
    members = {
        h.CE_ID: event.id,
        h.CE_SOURCE: event.source,
        h.CE_TYPE: f"authstream.{event.trigger}.requested.v1",
        h.CE_SPECVERSION: "1.0",
    }
    hops = ((h.HOPS, b"%d" % event.hops),) if event.hops else ()
    own = () if event.retries else ((h.RETRIES, b"no"),)
    headers = (*h.make(members), (h.CONTENT_TYPE, h.JSON_TYPE), *hops, *own, *extra)
    return Output(topics.requested(event.trigger), None, event.data, headers)


@contextmanager
def sent(record: Output) -> Generator[Output]:
    """The record within its producer span; as it is when tracing is off."""
    tracing = telemetry.tracing()
    if tracing is None:
        yield record
        return
    span = tracing.send(record.topic)
    try:
        yield record._replace(headers=telemetry.injected(record.headers, span))
    finally:
        span.end()


def deadline_header(timeout: timedelta) -> tuple[str, bytes]:
    """Until when the caller waits."""
    return h.DEADLINE, b"%d" % (time.time_ns() // 1_000_000 + timeout // _MILLISECOND)


def place_of(written: Message) -> Place:
    """Where a record was written."""
    return Place(written.topic, written.partition, written.offset, written.timestamp)


def unacknowledged(record: Output) -> BrokerUnreachableError:
    """The error for a record that the broker did not confirm; it may be there all the same."""
    return BrokerUnreachableError(
        f"a record was not published to {record.topic} (no acknowledgement within "
        f"{PUBLISH_WITHIN.total_seconds():.0f} s): check AUTHSTREAM_BROKERS and "
        "`authstream topics check`"
    )


def no_verdict(what: str, timeout: timedelta) -> NoVerdictError:
    """The error for an event that was not decided in time."""
    return NoVerdictError(
        f"no verdict on {what} within {timeout.total_seconds()} s: is a worker running?"
    )


def foreign_state() -> StateInvalidError:
    """The error for a state that names a partition that there is not: nobody of us made it."""
    return StateInvalidError("the state leads nowhere: begin the login again")
