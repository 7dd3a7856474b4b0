"""Legs of a flow: what earlier ones have done, and where the next one begins."""

from __future__ import annotations

from typing import Any

import orjson

from authstream.contracts.budgets import EVENT_BYTES
from authstream.contracts.envelope import Command, Envelope
from authstream.contracts.resume import Resume
from authstream.contracts.verdict import SendOn
from authstream.engine.suspension import SUSPENDING
from authstream.engine.trigger import Trigger
from authstream.errors import InvalidEventError, TooLargeError

#: Written before the browser leaves, so no later leg writes it again.
_FLUSHED = frozenset(("user.setAppMetadata", "user.setUserMetadata"))
#: What a resumed leg may change in the event besides `request`.
_RENEWED = frozenset(("prompt", "authentication"))


def continues(envelope: Envelope) -> bool:
    """Whether the action that suspended the flow is to go on in it."""
    return bool(envelope.runs) and envelope.runs[-1].status == "suspended"


def settled(command: Command, leg: int) -> bool:
    """Whether an earlier leg has done what a command asks for."""
    return command.leg < leg and (command.name in _FLUSHED or command.name in SUSPENDING)


def sent(on: SendOn, command: Command, leg: int) -> bool:
    """Whether an earlier leg, which was suspended, has sent an effect."""
    return command.leg < leg and on in ("always", "suspended")


def resumed(envelope: Envelope, *, at: int, until: int) -> Envelope:
    """The next leg of a suspended flow, at the same step, its time beginning anew.

    `at` is the broker's time of the resume record, `until` the leg's deadline.
    """
    said = {"leg": envelope.leg + 1, "requested_at": at, "deadline_at": until}
    return envelope.model_copy(update=said)


def renewed(envelope: Envelope, resume: Resume, trigger: Trigger) -> Envelope:
    """A resumed flow with its new request in its event.

    Raises InvalidEventError, TooLargeError.
    """
    event = orjson.dumps(_event(orjson.loads(envelope.event), resume))
    if len(event) > EVENT_BYTES:
        raise TooLargeError(
            f"the event with its new request is {len(event)} bytes, the limit is {EVENT_BYTES}"
        )
    trigger.parse(event)
    return envelope.model_copy(update={"event": event, "secretive": True})


def _event(event: dict[str, Any], resume: Resume) -> dict[str, Any]:
    foreign = resume.event.keys() - _RENEWED
    if foreign:
        raise InvalidEventError(
            f"a resumed flow may have a new {', '.join(sorted(_RENEWED))}, not {min(foreign)}"
        )
    return {**event, **resume.event, "request": resume.request}
