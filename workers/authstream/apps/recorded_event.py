"""Reads the event of a recorded execution back from its topic, while that keeps it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import orjson

from authstream.apps.stages import withheld
from authstream.broker.kafka_reader import KafkaReader, Place
from authstream.broker.kafka_topics import KafkaTopics
from authstream.contracts import headers as h
from authstream.contracts.avro import decode
from authstream.contracts.execution import Execution
from authstream.contracts.login_event import LoginEvent
from authstream.contracts.topics import Topics
from authstream.engine.personal import PERSONAL
from authstream.engine.ports import Message
from authstream.engine.trigger import Trigger
from authstream.errors import NotFoundError, RecordError
from authstream.settings import Settings


class RecordedEvents:
    """Finds an event by the broker's time and the digest that its execution recorded."""

    def __init__(self, settings: Settings, triggers: Mapping[str, Trigger]) -> None:
        """Raises ConfigurationError."""
        self._settings = settings
        self._topics = Topics(settings.prefix)
        self._triggers = triggers
        self._rules = withheld(settings)

    def __call__(self, said: Execution, /, *, whole: bool) -> dict[str, Any]:
        """The event as it was published, less what no record of an execution may hold.

        Without `whole` it is also less its personal data. Blocks.
        Raises NotFoundError, BrokerUnreachableError.
        """
        event = orjson.loads(self._published(said))
        trigger = self._triggers.get(said.trigger)
        secret = [("event", *path.split(".")) for path in trigger.sensitive] if trigger else []
        return self._rules.event(event, [*secret, *(() if whole else PERSONAL)])

    def _published(self, said: Execution) -> bytes:
        topic = self._topics.requested(said.trigger)
        count = KafkaTopics(self._settings).partitions().get(topic, 0)
        if not count:
            raise NotFoundError(
                f"there is no topic {topic} that this server may read: give it the right to, where"
                " events are to be seen"
            )
        reader = KafkaReader(self._settings)
        try:
            ranges = self._ranges(reader, topic, count, said.requested_at)
            for batch in reader.ranges(ranges):
                for message in batch:
                    if _is(message, said):
                        return _data(message)
        finally:
            reader.close()
        raise NotFoundError(
            f"the event of flow {said.flow_id} is not in {topic} any more: events are kept there"
            " for a shorter time than executions are"
        )

    def _ranges(
        self, reader: KafkaReader, topic: str, count: int, at: int
    ) -> dict[Place, tuple[int, int]]:
        """Where records of one millisecond are, or whole partitions: the embedded broker's."""
        places = [(topic, number) for number in range(count)]
        if self._settings.embedded:
            return reader.spans(places)
        starts, ends = (reader.offsets_at(places, millis) for millis in (at, at + 1))
        return {place: (starts[place], ends[place]) for place in places}


def _is(message: Message, said: Execution) -> bool:
    if message.timestamp != said.requested_at:
        return False
    return hashlib.sha256(_data(message)).hexdigest() == said.event_sha256


def _data(message: Message) -> bytes:
    if h.first(message.headers, h.CONTENT_TYPE) != h.AVRO_TYPE:
        return message.value or b""
    try:
        return decode(LoginEvent, message.value).data
    except RecordError:
        return b""
