"""Kafka headers: CloudEvents 1.0 binary mode, trace context, and ours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

Headers = tuple[tuple[str, bytes], ...]

CE_ID = "ce_id"
CE_SOURCE = "ce_source"
CE_TYPE = "ce_type"
CE_TIME = "ce_time"
CE_SPECVERSION = "ce_specversion"
CONTENT_TYPE = "content-type"
JSON_TYPE = b"application/json"
AVRO_TYPE = b"application/avro"

TRACE_CONTEXT = ("traceparent", "tracestate", "baggage")

FLOW_ID = "authstream-flow-id"
LEG = "authstream-leg"
TENANT = "authstream-tenant"
TRIGGER = "authstream-trigger"
REQUESTED_AT = "authstream-requested-at"
DEADLINE = "authstream-deadline"
DEDUP = "authstream-dedup"
#: `no`: the provider cannot send the browser away, so no action may suspend the flow.
INTERACTIVE = "authstream-interactive"
#: `no`: who published the event tries it again by itself, so nobody else does.
RETRIES = "authstream-retries"
#: Of an event that was published again because its flow failed: how often.
TRIES = "authstream-tries"
REPLAY_OF = "authstream-replay-of"
REPLY_PARTITION = "authstream-reply-partition"
CORRELATION_ID = "authstream-correlation-id"
REPEAT = "authstream-repeat"
#: How many metadata writes led to this event: a write may make a provider emit the next one.
HOPS = "authstream-hops"
#: Of an effect on its way through delay topics: how often it was tried and how often it waited,
#: where and when it first came, before when it is not to be delivered, and why the last try failed.
ATTEMPT = "authstream-attempt"
HOP = "authstream-hop"
SEQUENCE = "authstream-sequence"
SINCE = "authstream-since"
NOT_BEFORE = "authstream-not-before"
LAST_ERROR = "authstream-last-error"
TRIP = (ATTEMPT, HOP, SEQUENCE, SINCE, NOT_BEFORE, LAST_ERROR)
#: What became of an effect or a patch, on its `done` record.
STATUS = "authstream-status"
#: An operator asked for this record again: what was given up is tried once more.
REPLAY = "authstream-replay"

#: Of a replayed login: its effects and metadata are left out.
EFFECTS = "authstream-effects"
EFFECTS_OFF = b"off"
#: On a record after a dead letter: its offset, and what was done with it.
SETTLED = "authstream-settled"
#: On a metadata patch: topic, partition and offset of the verdict that is replied once it is done.
REPLY_WITH = "authstream-reply-with"

DEAD_REASON = "authstream-dead-reason"
DEAD_DETAIL = "authstream-dead-detail"
DEAD_STAGE = "authstream-dead-stage"
DEAD_TOPIC = "authstream-dead-topic"
DEAD_PARTITION = "authstream-dead-partition"
DEAD_OFFSET = "authstream-dead-offset"
DEAD_TIMESTAMP = "authstream-dead-timestamp"
#: Bytes of the whole value, where only its beginning could be kept.
DEAD_BYTES = "authstream-dead-bytes"

#: A number that fits 64 bits, digits.
_NUMBER_DIGITS = 18
#: Longest value that is carried on (W3C Baggage: 8192 bytes); a record must stay within its budget.
_CARRIED_BYTES = 8192
#: What a caller gets back on its reply, so every hop carries it on.
CARRIED = frozenset({REPLY_PARTITION, CORRELATION_ID, HOPS, REPLAY_OF, EFFECTS, *TRACE_CONTEXT})


def first(headers: Headers, name: str) -> bytes | None:
    """The first value of a header, or None: the first one counts, as in every propagator."""
    for key, value in headers:
        if key == name:
            return value
    return None


def text(headers: Headers, name: str) -> str | None:
    """The first value of a header as text; bytes that are not UTF-8 count as absent."""
    value = first(headers, name)
    if value is None:
        return None
    try:
        return value.decode()
    except UnicodeDecodeError:
        return None


def number(headers: Headers, name: str) -> int | None:
    """The first value of a header as a non-negative number, or None when it is not one."""
    value = text(headers, name)
    if value is None or not value.isascii() or not value.isdigit() or len(value) > _NUMBER_DIGITS:
        return None
    return int(value)


def carried(headers: Headers) -> Headers:
    """The headers that follow a login over every hop: of each the first, unless it is too long."""
    found: dict[str, bytes] = {}
    for key, value in headers:
        if key in CARRIED:
            found.setdefault(key, value)
    return tuple(item for item in found.items() if len(item[1]) <= _CARRIED_BYTES)


def without(headers: Headers, names: Iterable[str]) -> Headers:
    """The headers less those named."""
    dropped = frozenset(names)
    return tuple((key, value) for key, value in headers if key not in dropped)


def make(members: Mapping[str, str]) -> Headers:
    """Headers from text members."""
    return tuple((key, value.encode()) for key, value in members.items())
