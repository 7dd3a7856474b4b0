"""Follows whole topics outside any group, tells of each record, and when it has caught up."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import structlog
from confluent_kafka import Consumer, TopicPartition

from authstream.broker.kafka_config import follower_config
from authstream.broker.kafka_reader import KafkaReader, back, converted
from authstream.broker.kafka_topics import KafkaTopics
from authstream.broker.murmur2 import partition_of
from authstream.broker.schema_registry import framing_of
from authstream.contracts.budgets import DECIDED_WINDOW
from authstream.engine.ports import Clock, Message, SystemClock
from authstream.errors import BrokerUnreachableError
from authstream.settings import Settings

_BATCH = 500
_POLL_SECONDS = 0.1
_RETRY_SECONDS = 0.5
Tell = Callable[[Message], None]


class TopicTail:
    """Starts a window back. A record's function is called on the event loop."""

    def __init__(
        self,
        settings: Settings,
        tells: Mapping[str, Tell],
        *,
        window: timedelta = DECIDED_WINDOW,
        clock: Clock | None = None,
    ) -> None:
        self._settings = settings
        self._tells = dict(tells)
        self._window = window
        self._clock = clock or SystemClock()
        #: Where each partition goes on, and who waits for it to come further.
        self._positions: dict[tuple[str, int], int] = {}
        self._moved: asyncio.Event = asyncio.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        #: Asks the broker for ends; one connection, so one thread.
        self._asking = ThreadPoolExecutor(1, "authstream-ends")
        self._reader: KafkaReader | None = None
        self._log = structlog.get_logger("authstream.tail")

    async def start(self) -> None:
        """Begin to follow; the loop that runs now is the one told on."""
        loop = asyncio.get_running_loop()
        self._stopping.clear()
        self._thread = threading.Thread(
            target=self._run, args=(loop,), name="authstream-tail", daemon=True
        )
        self._thread.start()

    async def stop(self) -> None:
        """Follow no more."""
        self._stopping.set()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join)
        self._asking.shutdown(wait=True)
        if self._reader is not None:
            self._reader.close()

    async def caught_up(self, topic: str, key: bytes) -> None:
        """Return when every record of the key that was written before this call has been told.

        Raises BrokerUnreachableError. Waits for as long as it takes: give it a time-out.
        """
        loop = asyncio.get_running_loop()
        while (count := sum(name == topic for name, _ in self._positions)) == 0:
            await self._move()
        number = partition_of(key, count)
        end = await loop.run_in_executor(self._asking, self._end, topic, number)
        while self._positions[topic, number] < end:
            await self._move()

    async def _move(self) -> None:
        self._moved.clear()
        await self._moved.wait()

    def _end(self, topic: str, number: int) -> int:
        if self._reader is None:
            self._reader = KafkaReader(self._settings)
        return self._reader.span(topic, number)[1]

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        while not self._stopping.is_set():
            try:
                self._follow(loop)
            except BrokerUnreachableError as error:
                self._log.warning("broker_unreachable", reason=f"{error}")
                self._stopping.wait(_RETRY_SECONDS)

    def _follow(self, loop: asyncio.AbstractEventLoop) -> None:
        starts = self._starts()
        _call(loop, self._placed, starts)
        consumer = Consumer(follower_config(self._settings, awaited=True))
        framing = framing_of(self._settings)
        try:
            consumer.assign(
                [TopicPartition(topic, number, at) for (topic, number), at in starts.items()]
            )
            while not self._stopping.is_set():
                batch = [
                    converted(message, framing)
                    for message in consumer.consume(_BATCH, _POLL_SECONDS)
                    if message.error() is None
                ]
                if batch:
                    _call(loop, self._told, batch)
        finally:
            consumer.close()

    def _starts(self) -> dict[tuple[str, int], int]:
        there = KafkaTopics(self._settings).partitions()
        reader = KafkaReader(self._settings)
        millis = back(self._window, now=self._clock.now())
        try:
            places = [(topic, n) for topic in self._tells for n in range(there.get(topic, 0))]
            return reader.offsets_at(places, millis)
        finally:
            reader.close()

    def _placed(self, starts: dict[tuple[str, int], int]) -> None:
        self._positions = dict(starts)
        self._moved.set()

    def _told(self, batch: list[Message]) -> None:
        for message in batch:
            self._tells[message.topic](message)
            self._positions[message.topic, message.partition] = message.offset + 1
        self._moved.set()


def _call(loop: asyncio.AbstractEventLoop, function: Callable[..., None], what: object) -> None:
    try:
        loop.call_soon_threadsafe(function, what)
    except RuntimeError:
        return  # the loop is closed: nobody listens any more
