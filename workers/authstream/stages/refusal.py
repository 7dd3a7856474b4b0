"""Answers for a record that a stage cannot handle: a dead letter, and a failed flow."""

from __future__ import annotations

from collections.abc import Mapping

from authstream.contracts import headers as h
from authstream.contracts.avro import decode, encode
from authstream.contracts.envelope import Envelope, Failure
from authstream.contracts.topics import Topics
from authstream.engine.ports import Message, Output, Outputs
from authstream.engine.trigger import Trigger
from authstream.errors import RecordError
from authstream.stages.outputs import dead_letter, envelope_output


def stub(envelope: Envelope, failure: Failure) -> Envelope:
    """The envelope without anything large, to say that its flow failed."""
    return envelope.model_copy(
        update={"event": b"", "request": None, "commands": (), "failure": failure}
    )


def from_headers(message: Message, failure: Failure) -> Envelope | None:
    """A failed envelope made from a record's headers alone; None when they do not say whose."""
    flow_id, trigger, tenant = (
        h.text(message.headers, name) for name in (h.FLOW_ID, h.TRIGGER, h.TENANT)
    )
    if flow_id is None or trigger is None or tenant is None:
        return None
    requested_at = h.number(message.headers, h.REQUESTED_AT) or message.timestamp
    return Envelope(
        flow_id=flow_id,
        leg=h.number(message.headers, h.LEG) or 0,
        tenant=tenant,
        trigger=trigger,
        key=(message.key or b"").decode(errors="replace"),
        requested_at=requested_at,
        deadline_at=message.timestamp,
        failure=failure,
    )


def failed_envelope(message: Message, error: RecordError) -> Envelope | None:
    """What assemble gets for an envelope that could not be handled."""
    failure = Failure(code=error.code, reason=str(error))
    try:
        return stub(decode(Envelope, message.value), failure)
    except RecordError:
        return from_headers(message, failure)


def refused(
    message: Message,
    error: RecordError,
    *,
    stage: str,
    topics: Topics,
    triggers: Mapping[str, Trigger],
) -> Outputs:
    """Dead letter first, then the answer: a caller never waits for a record in a graveyard."""
    letter = dead_letter(
        topics.dead_letter, message, error, stage=stage, value=_stripped(message, triggers)
    )
    envelope = failed_envelope(message, error)
    if envelope is None:
        return [letter]
    return [letter, _answer(topics.assemble, envelope, message)]


def _answer(topic: str, envelope: Envelope, message: Message) -> Output:
    output = envelope_output(topic, envelope, source=message)
    # The flow's own key, as bytes: it may not be text in a record that is broken.
    return Output(output.topic, message.key, output.value, output.headers)


def _stripped(message: Message, triggers: Mapping[str, Trigger]) -> bytes | None:
    """The envelope less what is secret in its event; nothing of it where that cannot be told."""
    try:
        envelope = decode(Envelope, message.value)
    except RecordError:
        value = message.value or b""
        return (
            b"" if any(trigger.mentions_secrets(value) for trigger in triggers.values()) else None
        )
    trigger = triggers.get(envelope.trigger)
    if trigger is None:
        return b""
    return encode(envelope.model_copy(update={"event": trigger.stripped(envelope.event) or b""}))
