"""ingest: what a provider wrote to a topic of its own becomes events of triggers."""

from __future__ import annotations

from collections.abc import Mapping

import orjson

from authstream.contracts import headers as h
from authstream.contracts.headers import Headers
from authstream.contracts.topics import Topics
from authstream.control.connections import Connection
from authstream.engine.ports import Message, Outputs, Stage
from authstream.engine.provider import Asked
from authstream.engine.trigger import Trigger
from authstream.errors import InvalidCallError, RecordError
from authstream.publisher.request import LoginEvent, event_record
from authstream.stages.outputs import dead_letter


class InvalidTellingError(RecordError):
    """A record of a provider's own log is not what that provider writes."""

    code = "invalid_telling"


class Ingest(Stage):
    """Of one connection. Nobody waits for its verdicts: what counts is what they order."""

    relaxed = True

    def __init__(
        self, connection: Connection, *, topics: Topics, triggers: Mapping[str, Trigger]
    ) -> None:
        self.name = f"ingest.{connection.name}"
        self.topics = (connection.topic,)
        self._provider = connection.provider
        self._peer = connection.peer
        self._names = topics
        self._triggers = triggers

    def origin(self, message: Message) -> Headers:
        """The trace of the provider's own request, where its record names it."""
        try:
            asked = self._heard(message)
        except RecordError:
            return message.headers
        if asked is None or asked.trace is None:
            return message.headers
        kept = h.without(message.headers, h.TRACE_CONTEXT)
        return (("traceparent", asked.trace.encode()), *kept)

    def handle(self, message: Message) -> Outputs:
        """The event, to its trigger. Raises RecordError for a record that tells none."""
        asked = self._heard(message)
        trigger = self._triggers.get(asked.trigger or "") if asked is not None else None
        if asked is None or trigger is None:
            return []
        data = orjson.dumps(asked.event)
        trigger.parse(data)
        event_id = asked.id or f"{message.topic}/{message.partition}/{message.offset}"
        event = LoginEvent(trigger.name, data, event_id, f"/connections/{self._peer.name}")
        # As for any provider that cannot send a browser away.
        return [event_record(event, self._names, ((h.INTERACTIVE, b"no"),))]

    def refuse(self, message: Message, error: RecordError) -> Outputs:
        """A dead letter."""
        return [dead_letter(self._names.dead_letter, message, error, stage=self.name)]

    def _heard(self, message: Message) -> Asked | None:
        try:
            return self._provider.hear(message.value or b"", self._peer)
        except InvalidCallError as error:
            raise InvalidTellingError(
                f"{message.topic} has a record that {self._provider.name} does not write: {error}"
            ) from None
