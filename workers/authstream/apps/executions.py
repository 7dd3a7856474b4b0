"""Opens the index of executions that belongs to a cluster, and fills it from the topics."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import structlog
from confluent_kafka import Consumer, TopicPartition

from authstream.apps.stages import deliveries, withheld
from authstream.broker.kafka_config import follower_config
from authstream.broker.kafka_reader import KafkaReader, back, converted
from authstream.broker.kafka_topics import KafkaTopics
from authstream.broker.schema_registry import framing_of
from authstream.contracts.framing import Framing
from authstream.contracts.topics import Topics
from authstream.engine.ports import Message, SystemClock
from authstream.errors import BrokerUnreachableError
from authstream.executions.index import Bounds, Index, Place
from authstream.executions.rows import readers
from authstream.settings import Settings

_BATCH = 500
_POLL_SECONDS = 0.2
_RETRY_SECONDS = 1.0
#: Without a record for so long, catching up is given up.
_PATIENCE = timedelta(seconds=10)
#: Topics that are made meanwhile are noticed after that; sooner while some are missing.
_LOOK_AGAIN = timedelta(minutes=1)
_LOOK_SOON = timedelta(seconds=5)
_NAME_DIGITS = 12


def index_of(settings: Settings) -> Index:
    """The index of the settings' cluster, as it was left. Raises ConfigurationError."""
    said, rules = settings.executions, withheld(settings)
    origin = f"{settings.prefix} at {settings.brokers}"
    return Index(
        Path(said.index).expanduser() if said.index else _default(origin),
        readers(Topics(settings.prefix), deliveries()),
        origin=origin,
        bounds=Bounds(timedelta(days=said.days), int(said.index_size)),
        hashed=rules.pseudonym if said.hash_key else None,
    )


def _default(origin: str) -> Path:
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    name = hashlib.sha256(origin.encode()).hexdigest()[:_NAME_DIGITS]
    return Path(home) / "authstream" / f"executions-{name}.sqlite"


class Feed:
    """Brings an index up to its topics."""

    def __init__(self, settings: Settings, index: Index) -> None:
        self._settings = settings
        self._index = index
        #: All topics that the index follows were there at the last look.
        self._complete = False
        self._log = structlog.get_logger("authstream.executions")

    def catch_up(self) -> int:
        """Take in all that is there now; how many records were new.

        Raises BrokerUnreachableError.
        """
        starts, missing = self._starts()
        new, until = 0, _patience()
        with self._assigned(starts) as consumer:
            while missing and time.monotonic() < until:
                batch = _consumed(consumer, framing_of(self._settings))
                new += self._index.add(batch)
                until = _patience() if batch else until
                for message in batch:
                    place = (message.topic, message.partition)
                    if message.offset + 1 >= missing.get(place, 0):
                        missing.pop(place, None)
        if missing:
            raise BrokerUnreachableError(
                f"no more records of {next(iter(missing))[0]} came for"
                f" {_PATIENCE.total_seconds():.0f} s, but there are some: is the broker reachable?"
            )
        return new

    def follow(self, stopping: threading.Event) -> None:
        """Take in what comes, until told to stop; a broker that is away is waited for."""
        while not stopping.is_set():
            try:
                self._follow(stopping)
            except BrokerUnreachableError as error:
                self._log.warning("broker_unreachable", reason=f"{error}")
                stopping.wait(_RETRY_SECONDS)

    def _follow(self, stopping: threading.Event) -> None:
        """For a while: then there may be more topics."""
        starts, _ = self._starts()
        wait = _LOOK_AGAIN if self._complete else _LOOK_SOON
        until = time.monotonic() + wait.total_seconds()
        self._index.prune()
        with self._assigned(starts) as consumer:
            while not stopping.is_set() and time.monotonic() < until:
                if batch := _consumed(consumer, framing_of(self._settings)):
                    self._index.add(batch)

    @contextmanager
    def _assigned(self, starts: dict[Place, int]) -> Generator[Consumer]:
        consumer = Consumer(follower_config(self._settings))
        try:
            consumer.assign([TopicPartition(*place, offset) for place, offset in starts.items()])
            yield consumer
        finally:
            consumer.close()

    def _starts(self) -> tuple[dict[Place, int], dict[Place, int]]:
        """Where each partition goes on, and the ends of those that have more.

        Raises BrokerUnreachableError.
        """
        there = KafkaTopics(self._settings).partitions()
        topics = [topic for topic in self._index.topics if there.get(topic)]
        self._complete = len(topics) == len(self._index.topics)
        places = [(topic, number) for topic in topics for number in range(there[topic])]
        if not places:
            return {}, {}
        reader = KafkaReader(self._settings)
        try:
            spans = reader.spans(places)
            starts = self._going_on(reader, spans)
        finally:
            reader.close()
        ends = {place: high for place, (_, high) in spans.items() if starts[place] < high}
        return starts, ends

    def _going_on(
        self, reader: KafkaReader, spans: dict[Place, tuple[int, int]]
    ) -> dict[Place, int]:
        known = self._index.positions()
        if any(known.get(place, 0) > high for place, (_, high) in spans.items()):
            # Topics were made anew: nothing in the index is about these.
            self._index.empty()
            known = {}
        age = timedelta(days=self._settings.executions.days)
        oldest = back(age, now=SystemClock().now())

        def begins(place: Place, low: int, high: int) -> int:
            return low if low == high else reader.offset_at(*place, oldest)

        return {
            place: max(known[place], low) if place in known else begins(place, low, high)
            for place, (low, high) in spans.items()
        }


def _consumed(consumer: Consumer, framing: Framing | None) -> list[Message]:
    return [
        converted(message, framing)
        for message in consumer.consume(_BATCH, _POLL_SECONDS)
        if message.error() is None
    ]


def _patience() -> float:
    return time.monotonic() + _PATIENCE.total_seconds()


@contextmanager
def caught_up(settings: Settings) -> Generator[Index]:
    """The index with all that the topics hold now; as it was left where no broker answers.

    Raises ConfigurationError.
    """
    with index_of(settings) as index:
        try:
            Feed(settings, index).catch_up()
        except BrokerUnreachableError as error:
            log = structlog.get_logger("authstream.executions")
            log.error("index_may_be_behind", reason=f"{error}")  # noqa: TRY400 - no bug of ours
        yield index


@contextmanager
def followed(settings: Settings) -> Generator[Index]:
    """The index, while a thread brings it up to its topics. Raises ConfigurationError."""
    stopping = threading.Event()
    with index_of(settings) as index:
        feed = Feed(settings, index)
        thread = threading.Thread(
            target=feed.follow, args=(stopping,), name="authstream-executions", daemon=True
        )
        thread.start()
        try:
            yield index
        finally:
            stopping.set()
            thread.join()
