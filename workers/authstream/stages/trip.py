"""What an effect's record says of its way so far: tries, waits, its place in the order."""

from __future__ import annotations

from typing import NamedTuple, Self

from authstream.contracts import headers as h
from authstream.contracts.effect import Effect
from authstream.engine.ports import Message


class Trip(NamedTuple):
    """Carried in headers, so that the effect's own bytes never change."""

    #: Tries at the destination so far.
    attempt: int
    #: Waits in delay topics so far.
    hop: int
    #: Offset at which it first was due; None before that, when it is in no order yet.
    sequence: int | None
    #: Broker time of that, milliseconds since the epoch.
    since: int
    #: Not to be delivered before, milliseconds since the epoch; 0: at once.
    not_before: int

    @classmethod
    def of(cls, message: Message, effect: Effect) -> Self:
        """Of a record, fresh or back from a delay topic."""
        headers = message.headers
        return cls(
            attempt=h.number(headers, h.ATTEMPT) or 0,
            hop=h.number(headers, h.HOP) or 0,
            sequence=h.number(headers, h.SEQUENCE),
            since=h.number(headers, h.SINCE) or message.timestamp,
            not_before=h.number(headers, h.NOT_BEFORE) or effect.not_before,
        )

    def due(self, message: Message) -> Self:
        """From now on it has its place in the order."""
        if self.sequence is not None:
            return self
        return self._replace(sequence=message.offset, since=message.timestamp)

    def headers(self, message: Message) -> h.Headers:
        """The record's headers, as of this trip."""
        said = {h.ATTEMPT: self.attempt, h.HOP: self.hop, h.NOT_BEFORE: self.not_before}
        if self.sequence is not None:
            said |= {h.SEQUENCE: self.sequence, h.SINCE: self.since}
        made = h.make({name: str(number) for name, number in said.items()})
        return h.without(message.headers, h.TRIP) + made
