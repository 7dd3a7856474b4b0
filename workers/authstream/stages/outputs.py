"""Builds the records that stages write: headers in one place, one name for each kind of record."""

from __future__ import annotations

from authstream.contracts import headers as h
from authstream.contracts.avro import encode
from authstream.contracts.budgets import KEY_BYTES, RECORD_BYTES
from authstream.contracts.envelope import Envelope
from authstream.contracts.headers import Headers
from authstream.contracts.model import Record
from authstream.engine.ports import Message, Output
from authstream.errors import RecordError
from authstream.metrics.registry import REGISTRY

#: Text of an error kept in a dead letter's header, characters.
_DETAIL_CHARACTERS = 500
#: Foreign headers kept on a dead letter, bytes; more are dropped.
_HEADERS_BYTES = 64 * 1024
_SOURCE = "authstream"


def flow_headers(
    flow_id: str, leg: int, *, tenant: str, trigger: str, requested_at: int
) -> dict[str, str]:
    """What makes even an undecodable record answerable."""
    return {
        h.FLOW_ID: flow_id,
        h.LEG: str(leg),
        h.TENANT: tenant,
        h.TRIGGER: trigger,
        h.REQUESTED_AT: str(requested_at),
    }


def event_headers(kind: str, event_id: str) -> dict[str, str]:
    """CloudEvents attributes of one of our records (Kafka binding, binary mode)."""
    return {
        h.CE_ID: event_id,
        h.CE_SOURCE: _SOURCE,
        h.CE_TYPE: f"authstream.{kind}.v1",
        h.CE_SPECVERSION: "1.0",
        h.CONTENT_TYPE: h.AVRO_TYPE.decode(),
    }


def envelope_output(topic: str, envelope: Envelope, *, source: Message) -> Output:
    """An envelope on its way to the next stage, under the flow's key. Raises TooLargeError."""
    flow = flow_headers(
        envelope.flow_id,
        envelope.leg,
        tenant=envelope.tenant,
        trigger=envelope.trigger,
        requested_at=envelope.requested_at,
    )
    event = event_headers("envelope", f"{envelope.flow_id}/{envelope.leg}/{len(envelope.runs)}")
    return Output(
        topic,
        envelope.key.encode(),
        encode(envelope),
        h.make({**event, **flow}) + h.carried(source.headers),
    )


def record_output(  # noqa: PLR0913 - the parts of a record
    topic: str,
    record: Record,
    *,
    kind: str,
    event_id: str,
    key: bytes | None,
    source: Message,
    partition: int | None = None,
) -> Output:
    """Any other record of ours. Raises TooLargeError."""
    kept = h.without(
        source.headers,
        (
            h.CE_ID,
            h.CE_SOURCE,
            h.CE_TYPE,
            h.CE_SPECVERSION,
            h.CE_TIME,
            h.CONTENT_TYPE,
            h.REPLY_PARTITION,
            h.CORRELATION_ID,
        ),
    )
    return Output(
        topic, key, encode(record), h.make(event_headers(kind, event_id)) + kept, partition
    )


def dead_letter(
    topic: str, message: Message, error: RecordError, *, stage: str, value: bytes | None = None
) -> Output:
    """A record set aside: its bytes (or `value`, stripped of secrets), reason and origin.

    The original headers stay. What a broker would refuse is cut, and a header says so: a record
    that nobody can handle must at least be writable.
    """
    whole = message.value if value is None else value
    REGISTRY.counter("authstream.dead_letters", stage, error.code).add()
    headers = _provenance(message, error, stage=stage)
    kept = h.without(message.headers, dict(headers))
    headers += kept if _size(kept) <= _HEADERS_BYTES else h.carried(kept)
    key = message.key if len(message.key or b"") <= KEY_BYTES else None
    room = RECORD_BYTES - _size(headers)
    if whole is None or len(whole) <= room:
        return Output(topic, key, whole, headers)
    return Output(topic, key, whole[:room], (*headers, (h.DEAD_BYTES, b"%d" % len(whole))))


def _provenance(message: Message, error: RecordError, *, stage: str) -> Headers:
    return h.make(
        {
            h.DEAD_REASON: error.code,
            h.DEAD_DETAIL: str(error)[:_DETAIL_CHARACTERS],
            h.DEAD_STAGE: stage,
            h.DEAD_TOPIC: message.topic,
            h.DEAD_PARTITION: str(message.partition),
            h.DEAD_OFFSET: str(message.offset),
            h.DEAD_TIMESTAMP: str(message.timestamp),
        }
    )


def _size(headers: Headers) -> int:
    return sum(len(name) + len(value) for name, value in headers)
