"""Reads topics outside any group: history back to a time, one record again, a topic as it grows."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from itertools import chain

from confluent_kafka import (
    OFFSET_END,
    OFFSET_INVALID,
    Consumer,
    KafkaError,
    KafkaException,
    TopicPartition,
)
from confluent_kafka import Message as KafkaMessage

from authstream.broker.kafka_config import reader_config
from authstream.broker.schema_registry import framing_of
from authstream.contracts import headers as h
from authstream.contracts.access import NO_GROUP
from authstream.contracts.framing import Framing
from authstream.engine.ports import Message
from authstream.errors import BrokerUnreachableError
from authstream.settings import Settings

_BATCH = 500
_POLL_SECONDS = 0.5
#: One answer of the broker about offsets.
_QUERY_SECONDS = 5.0
#: Places in a log, as the protocol's ListOffsets names them.
_EARLIEST, _LATEST = -2, -1
#: A topic and the number of one of its partitions.
Place = tuple[str, int]
#: Records this near to each other are read in one go.
_NEIGHBOURS = 200


def converted(message: KafkaMessage, framing: Framing | None) -> Message:
    """A record of the client library as ours; `framing` undoes a schema registry's."""
    headers = message.headers()
    made = Message(
        message.topic() or "",
        message.partition() or 0,
        message.offset() or 0,
        message.key(),
        message.value(),
        tuple(headers) if headers else (),  # type: ignore[arg-type]  # values are bytes on receipt
        message.timestamp()[1],
    )
    return made if framing is None else unframed(made, framing)


def unframed(message: Message, framing: Framing) -> Message:
    """A record as an Avro object of ours, which it is also for the header that says what it is."""
    value = framing.plain(message.value)
    if value is message.value:
        return message
    others = [header for header in message.headers if header[0] != h.CONTENT_TYPE]
    return message._replace(value=value, headers=(*others, (h.CONTENT_TYPE, h.AVRO_TYPE)))


class KafkaReader:
    """One consumer that is assigned by hand. Not for use by two threads at a time."""

    def __init__(self, settings: Settings, *, group: str = NO_GROUP) -> None:
        self._consumer = Consumer(reader_config(settings, group=group))
        self._framing = framing_of(settings)
        #: librdkafka's mock does not look for times; what it keeps is little.
        self._from_the_start = settings.embedded

    def close(self) -> None:
        """Release the connection."""
        self._consumer.close()

    def span(self, topic: str, partition: int) -> tuple[int, int]:
        """The first offset kept and one past the last. Raises BrokerUnreachableError."""
        with _reachable(topic, partition):
            low, high = self._consumer.get_watermark_offsets(
                TopicPartition(topic, partition), timeout=_QUERY_SECONDS
            )
        return low, high

    def spans(self, places: Sequence[Place]) -> dict[Place, tuple[int, int]]:
        """Of many partitions in two questions, as one each would take seconds. Raises as `span`."""
        lows, highs = (self._listed(places, which) for which in (_EARLIEST, _LATEST))
        return {place: (lows[place], highs[place]) for place in places}

    def _listed(self, places: Sequence[Place], which: int) -> dict[Place, int]:
        asked = [TopicPartition(topic, number, which) for topic, number in places]
        with _reachable(*places[0]):
            found = self._consumer.offsets_for_times(asked, timeout=_QUERY_SECONDS)
            return dict(zip(places, _offsets(places, found), strict=True))

    def committed(self, places: Sequence[Place]) -> dict[Place, int]:
        """Where the reader's group goes on, 0 where it never was. Raises as `span` does."""
        asked = [TopicPartition(topic, number) for topic, number in places]
        with _reachable(*places[0]):
            found = self._consumer.committed(asked, timeout=_QUERY_SECONDS)
            offsets = _offsets(places, found)
        return {
            place: 0 if offset == OFFSET_INVALID else offset
            for place, offset in zip(places, offsets, strict=True)
        }

    def offset_at(self, topic: str, partition: int, millis: int) -> int:
        """The first offset at or after a time, or one past the last. Raises as `span` does."""
        return self.offsets_at([(topic, partition)], millis)[topic, partition]

    def offsets_at(self, places: Sequence[Place], millis: int) -> dict[Place, int]:
        """As `offset_at`, of many partitions in one question."""
        if not places:
            return {}
        if self._from_the_start:
            return self._listed(places, _EARLIEST)
        found = self._listed(places, millis)
        late = [place for place, offset in found.items() if offset == OFFSET_END]
        return found | (self._listed(late, _LATEST) if late else {})

    def end_at(self, topic: str, partition: int, millis: int) -> int:
        """One past the last offset before a time. Raises as `span` does."""
        if self._from_the_start:
            return self.span(topic, partition)[1]
        return self.offset_at(topic, partition, millis)

    def between(
        self, topic: str, partition: int, start: int, *, end: int
    ) -> Iterator[list[Message]]:
        """Batches of the records from `start` up to, not including, `end`."""
        return self.ranges({(topic, partition): (start, end)})

    def ranges(self, wanted: Mapping[Place, tuple[int, int]]) -> Iterator[list[Message]]:
        """As `between`, of many partitions in one go: a turn of each by itself takes 0.1 s."""
        lows = self._listed(list(wanted), _EARLIEST) if wanted else {}
        left = {
            place: (max(start, lows[place]), end)
            for place, (start, end) in wanted.items()
            if max(start, lows[place]) < end
        }
        if not left:
            return
        self._consumer.assign(
            [TopicPartition(topic, number, start) for (topic, number), (start, _) in left.items()]
        )
        try:
            yield from self._consumed(left)
        finally:
            self._consumer.unassign()

    def at(self, topic: str, partition: int, offset: int) -> Message | None:
        """The record at exactly this offset, or None when it is gone. Raises as `span` does."""
        found = chain.from_iterable(self.between(topic, partition, offset, end=offset + 1))
        return next((message for message in found if message.offset == offset), None)

    def _consumed(self, left: dict[Place, tuple[int, int]]) -> Iterator[list[Message]]:
        """Takes out of `left` the places that are read to their end."""
        while left:
            # No more than there is: it would wait for the rest.
            most = min(_BATCH, sum(end - position for position, end in left.values()))
            batch = [
                converted(message, self._framing)
                for message in self._consumer.consume(most, _POLL_SECONDS)
                if _usable(message)
            ]
            wanted = [message for message in batch if _within(left, message)]
            if wanted:
                yield wanted
            if not batch:
                # Transaction markers or truncation: the end is nearer than it was.
                highs = self._listed(list(left), _LATEST)
                ended = [place for place, (position, _) in left.items() if highs[place] <= position]
                for place in ended:
                    del left[place]


def _within(left: dict[Place, tuple[int, int]], message: Message) -> bool:
    """Whether a record is wanted; what is left moves on behind it."""
    place = message.topic, message.partition
    if place not in left:
        return False
    position, end = left.pop(place)
    if message.offset + 1 < end:
        left[place] = (max(position, message.offset + 1), end)
    return message.offset < end


@contextmanager
def _reachable(topic: str, partition: int) -> Generator[None]:
    try:
        yield
    except KafkaException as error:
        raise BrokerUnreachableError(
            f"no offsets of {topic}/{partition} from the broker ({error}): is it reachable?"
        ) from error


def _offsets(places: Sequence[Place], answers: list[TopicPartition]) -> list[int]:
    """One for each place, in their order; an error in place of one would read as "none"."""
    found = {(one.topic, one.partition): _checked([one]).offset for one in answers}
    return [found[place] for place in places]


def _checked(answer: list[TopicPartition]) -> TopicPartition:
    """The one offset asked for; an error in its place would read as "none"."""
    error = answer[0].error
    if error is not None:
        raise KafkaException(error)
    return answer[0]


def _usable(message: KafkaMessage) -> bool:
    error = message.error()
    if error is None:
        return True
    if error.code() in (KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError.TOPIC_AUTHORIZATION_FAILED):
        raise BrokerUnreachableError(f"reading failed: {error.str()}")
    return False


class KafkaPointReader:
    """Reads single records again, off the event loop; what is asked for meanwhile is read at once.

    After a crash hundreds of neighbours are asked for together, and a turn of assign, fetch and
    unassign costs as much for one record as for all.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._reader: KafkaReader | None = None
        self._thread = ThreadPoolExecutor(1, "authstream-point-reader")
        self._lock = threading.Lock()
        self._wanted: dict[tuple[str, int], dict[int, list[Future[Message | None]]]] = {}

    async def read(self, topic: str, partition: int, offset: int) -> Message | None:
        """The record at exactly this place, or None when it is gone."""
        found: Future[Message | None] = Future()
        with self._lock:
            offsets = self._wanted.setdefault((topic, partition), {})
            offsets.setdefault(offset, []).append(found)
        self._thread.submit(self._serve)
        return await asyncio.wrap_future(found)

    def close(self) -> None:
        """Release the connection."""
        self._thread.shutdown(wait=True)
        if self._reader is not None:
            self._reader.close()

    def _serve(self) -> None:
        with self._lock:
            wanted, self._wanted = self._wanted, {}
        for (topic, partition), offsets in wanted.items():
            waiting = {
                offset: [future for future in futures if future.set_running_or_notify_cancel()]
                for offset, futures in offsets.items()
            }
            try:
                self._answer(topic, partition, waiting)
            except Exception as error:  # noqa: BLE001 - told to whoever waits
                for future in chain.from_iterable(waiting.values()):
                    future.set_exception(error)

    def _answer(
        self, topic: str, partition: int, waiting: dict[int, list[Future[Message | None]]]
    ) -> None:
        """Takes out of `waiting` what it answers."""
        if self._reader is None:
            self._reader = KafkaReader(self._settings)
        for start, end in _ranges(waiting):
            for batch in self._reader.between(topic, partition, start, end=end):
                for message in batch:
                    for future in waiting.pop(message.offset, ()):
                        future.set_result(message)
        for offset in list(waiting):
            for future in waiting.pop(offset):
                future.set_result(None)


def _ranges(offsets: Iterable[int]) -> list[tuple[int, int]]:
    """Neighbours together: (first, one past the last)."""
    found: list[tuple[int, int]] = []
    for offset in sorted(offsets):
        if found and offset - found[-1][1] < _NEIGHBOURS:
            found[-1] = (found[-1][0], offset + 1)
        else:
            found.append((offset, offset + 1))
    return found


def back(window: timedelta, *, now: int) -> int:
    """The time a window reaches back to, in milliseconds since the epoch."""
    return now - int(window / timedelta(milliseconds=1))
