"""Reads and writes topics from outside: records by count, committed offsets, new topics."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import Any

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from authstream.broker.kafka_reader import KafkaReader, converted
from authstream.broker.kafka_topics import Wanted
from authstream.engine.ports import Message, Output
from authstream.errors import BrokerUnreachableError
from authstream.settings import Settings

PATIENCE = timedelta(seconds=30)


def until(
    condition: Callable[[], bool],
    what: str,
    *,
    within: timedelta = PATIENCE,
    every: timedelta = timedelta(milliseconds=20),
) -> None:
    """Wait for a condition.

    Raises:
        AssertionError: it did not come true in time; `what` is in the message.
    """
    deadline = time.monotonic() + within.total_seconds()
    while not condition():
        assert time.monotonic() < deadline, f"not within {within.total_seconds()} s: {what}"
        time.sleep(every.total_seconds())


def create(
    brokers: str,
    topics: Iterable[str],
    *,
    partitions: int = 4,
    config: dict[str, str] | None = None,
) -> None:
    """Create topics and wait until each partition has a leader."""
    admin: Any = AdminClient({"bootstrap.servers": brokers})
    names = list(topics)
    made: dict[str, Any] = admin.create_topics(
        [NewTopic(name, partitions, 1, config=config or {}) for name in names]
    )
    for future in made.values():
        future.result(PATIENCE.total_seconds())

    def led() -> bool:
        there = admin.list_topics(timeout=5).topics
        return all(
            name in there
            and len(there[name].partitions) == partitions
            and all(partition.leader >= 0 for partition in there[name].partitions.values())
            for name in names
        )

    until(led, f"leaders of {names}")


def publish(brokers: str, outputs: Sequence[Output]) -> list[tuple[int, int]]:
    """Write records in order, all acknowledged; the partition and offset of each."""
    producer = Producer(
        {"bootstrap.servers": brokers, "partitioner": "murmur2_random", "linger.ms": 0}
    )
    places: list[tuple[int, int]] = []

    def delivered(error: object, message: object) -> None:
        assert error is None, error
        places.append((message.partition(), message.offset()))  # type: ignore[attr-defined]  # theirs

    for output in outputs:
        where: dict[str, Any] = {} if output.partition is None else {"partition": output.partition}
        producer.produce(
            output.topic,
            output.value,
            output.key,
            headers=list(output.headers),
            on_delivery=delivered,
            **where,
        )
        producer.flush(PATIENCE.total_seconds())
    assert len(places) == len(outputs)
    return places


class Log:
    """Everything in one topic, read from its beginning on, as far as it is now."""

    def __init__(self, brokers: str, topic: str) -> None:
        self.topic = topic
        self._consumer = Consumer(
            {
                "bootstrap.servers": brokers,
                "group.id": "tests",
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                # Together what comes within 20 ms: a watcher must not wear out what it watches.
                "fetch.wait.max.ms": 20,
                "fetch.min.bytes": 64 * 1024,
                "reconnect.backoff.max.ms": 200,
            }
        )
        there = self._consumer.list_topics(topic, timeout=PATIENCE.total_seconds())
        numbers = sorted(there.topics[topic].partitions)
        self._consumer.assign([TopicPartition(topic, number, 0) for number in numbers])
        self.records: list[Message] = []

    def poll(self, seconds: float = 0.05) -> list[Message]:
        """What is new."""
        new = [
            converted(message, None)
            for message in self._consumer.consume(1000, seconds)
            if message.error() is None
        ]
        self.records += new
        return new

    def await_count(self, count: int, *, within: timedelta = PATIENCE) -> list[Message]:
        """All records, once there are at least so many; sorted by partition and offset."""

        def enough() -> bool:
            self.poll()
            return len(self.records) >= count

        until(enough, f"{count} records in {self.topic}", within=within)
        return sorted(self.records, key=lambda message: message[1:3])

    def close(self) -> None:
        """Release the connection."""
        self._consumer.close()


def read(brokers: str, topic: str, count: int, *, within: timedelta = PATIENCE) -> list[Message]:
    """The records of a topic once there are so many."""
    log = Log(brokers, topic)
    try:
        return log.await_count(count, within=within)
    finally:
        log.close()


def committed(brokers: str, group: str, topic: str, partition: int) -> int:
    """Where a group goes on; negative when it has committed nothing."""
    consumer = Consumer({"bootstrap.servers": brokers, "group.id": group})
    try:
        (found,) = consumer.committed(
            [TopicPartition(topic, partition)], timeout=PATIENCE.total_seconds()
        )
    except KafkaException:
        return -1
    finally:
        consumer.close()
    return found.offset


def await_readable(settings: Settings, topics: Iterable[Wanted]) -> None:
    """Wait until every partition of new topics answers: leaders are named before they lead."""
    reader = KafkaReader(settings)
    places = [(topic.name, number) for topic in topics for number in range(topic.partitions)]

    def answers() -> bool:
        try:
            reader.spans(places)
        except BrokerUnreachableError:
            return False
        return True

    try:
        until(answers, "new topics answer")
    finally:
        reader.close()
