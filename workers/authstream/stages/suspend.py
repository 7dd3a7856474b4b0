"""Suspends a flow: its envelope waits in the log, and assemble hears where."""

from __future__ import annotations

from datetime import timedelta

from authstream.contracts.budgets import STATE_LIFETIME
from authstream.contracts.codes import REDIRECT_UNSUPPORTED
from authstream.contracts.envelope import Envelope, Failure
from authstream.contracts.topics import Topics
from authstream.engine.ports import Message, Output, Outputs
from authstream.engine.state import State, StateKeys
from authstream.engine.suspension import refusal
from authstream.engine.trigger import Trigger
from authstream.errors import UnwritableError
from authstream.stages.outputs import envelope_output
from authstream.stages.refusal import stub

_LIFETIME_MS = STATE_LIFETIME // timedelta(milliseconds=1)


def suspend(
    envelope: Envelope,
    message: Message,
    *,
    trigger: Trigger,
    topics: Topics,
    keys: StateKeys | None,
) -> Output:
    """The waiting envelope, and after it what tells assemble; or at once that it cannot wait.

    Raises UnwritableError.
    """
    failure = refusal(envelope, trigger)
    if failure is None and keys is not None:
        return _waiting(envelope, message, topics=topics, keys=keys)
    failed = stub(envelope, failure or _without_key(envelope))
    return envelope_output(topics.assemble, failed, source=message)


def _without_key(envelope: Envelope) -> Failure:
    return Failure(
        code=REDIRECT_UNSUPPORTED,
        reason="no key signs the state of a suspended flow: set AUTHSTREAM_STATE_KEY",
        action=envelope.runs[-1].action,
    )


def _waiting(envelope: Envelope, message: Message, *, topics: Topics, keys: StateKeys) -> Output:
    def waits_at(offset: int) -> Outputs:
        state = keys.sealed(_pointer(envelope, message, offset))
        return [_suspended(envelope, message, state=state, topics=topics)]

    # The state names the partition, so it must be known before the broker is asked.
    return envelope_output(topics.suspended, envelope, source=message)._replace(
        partition=message.partition, then=waits_at
    )


def _pointer(envelope: Envelope, message: Message, offset: int) -> State:
    # Counted from the broker's time of this message: no clock of a worker is in it.
    expires_at = message.timestamp + _LIFETIME_MS
    return State(envelope.flow_id, envelope.leg, message.partition, offset, expires_at)


def _suspended(envelope: Envelope, message: Message, *, state: str, topics: Topics) -> Output:
    ended = envelope.model_copy(update={"state": state})
    try:
        return envelope_output(topics.assemble, ended, source=message)
    except UnwritableError as error:
        failed = stub(envelope, Failure(code=error.code, reason=str(error)))
        return envelope_output(topics.assemble, failed, source=message)
