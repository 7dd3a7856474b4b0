"""A log in a Kafka topic: its partition 0, read without a group, written and waited for."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from datetime import timedelta

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka import Message as KafkaMessage

from authstream.broker.kafka_config import (
    DELIVERY_TIMEOUT,
    follower_config,
    producer_config,
)
from authstream.engine.log import LogRecord
from authstream.errors import BrokerUnreachableError, ProduceError
from authstream.settings import Settings

#: All records of such a log are in one partition, so that there is one order.
PARTITION = 0
_BATCH = 500
_QUERY_SECONDS = 5.0
_POLL_SECONDS = 0.05
_MARGIN_SECONDS = 5.0
#: A topic that was just made, or whose leader just moved, on a busy controller takes a while.
_ELECTED_SECONDS = 20.0
_SOON = (KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError.LEADER_NOT_AVAILABLE)


class KafkaLog:
    """Partition 0 of a topic."""

    def __init__(self, settings: Settings, topic: str) -> None:
        self._settings = settings
        self._topic = topic
        self._consumer = Consumer(follower_config(settings))
        self._producer: Producer | None = None
        self._making = threading.Lock()
        self._reading = threading.Lock()
        #: Where the consumer goes on; None when it is not assigned.
        self._position: int | None = None

    def append(self, key: bytes, value: bytes | None) -> int:
        """Write a record with all replicas' acknowledgement; its offset. Raises ProduceError."""
        producer, done = self._writer(), threading.Event()
        outcome: list[tuple[KafkaError | None, int | None]] = []

        def delivered(error: KafkaError | None, message: KafkaMessage) -> None:
            outcome.append((error, message.offset()))
            done.set()

        try:
            producer.produce(self._topic, value, key, PARTITION, delivered)
        except (BufferError, KafkaException) as error:
            raise self._unwritten(str(error)) from error
        left = DELIVERY_TIMEOUT.total_seconds() + _MARGIN_SECONDS
        while not done.is_set() and left > 0:
            producer.poll(_POLL_SECONDS)
            left -= _POLL_SECONDS
        if not outcome:
            raise self._unwritten("no answer")
        failed, offset = outcome[0]
        if failed is not None or offset is None:
            raise self._unwritten(failed.str() if failed else "an answer without its offset")
        return offset

    def span(self) -> tuple[int, int]:
        """The first offset kept and one past the last. Raises BrokerUnreachableError."""
        deadline = time.monotonic() + _ELECTED_SECONDS
        while True:
            try:
                return self._watermarks()
            except KafkaException as error:
                found: KafkaError = error.args[0]
                if found.code() not in _SOON or time.monotonic() > deadline:
                    raise BrokerUnreachableError(
                        f"no offsets of {self._topic} from {self._settings.brokers}"
                        f" ({found.str()}): is the broker reachable, was"
                        " `authstream topics apply` run?"
                    ) from error
                time.sleep(_POLL_SECONDS)

    def _watermarks(self) -> tuple[int, int]:
        low, high = self._consumer.get_watermark_offsets(
            TopicPartition(self._topic, PARTITION), timeout=_QUERY_SECONDS
        )
        return low, high

    def read(self, start: int, *, wait: timedelta) -> Sequence[LogRecord]:
        """Records from `start` on, some hundreds at most. Raises BrokerUnreachableError."""
        with self._reading:
            return self._read(start, wait)

    def _read(self, start: int, wait: timedelta) -> Sequence[LogRecord]:
        if self._position != start:
            self._consumer.assign([TopicPartition(self._topic, PARTITION, start)])
            self._position = start
        first = self._consumer.poll(wait.total_seconds())
        if first is None:
            return ()
        found = [
            _converted(message)
            for message in (first, *self._consumer.consume(_BATCH, 0))
            if self._usable(message)
        ]
        if found:
            self._position = found[-1].offset + 1
        return found

    def close(self) -> None:
        """Release connections."""
        self._consumer.close()
        if self._producer is not None:
            self._producer.flush(_QUERY_SECONDS)

    def _writer(self) -> Producer:
        with self._making:
            if self._producer is None:
                self._producer = Producer(producer_config(self._settings))
            return self._producer

    def _usable(self, message: KafkaMessage) -> bool:
        error = message.error()
        if error is None:
            return True
        if error.code() in (
            KafkaError.UNKNOWN_TOPIC_OR_PART,
            KafkaError.TOPIC_AUTHORIZATION_FAILED,
        ):
            raise BrokerUnreachableError(f"reading {self._topic} failed: {error.str()}")
        return False

    def _unwritten(self, reason: str) -> ProduceError:
        return ProduceError(
            f"a record for {self._topic} is not known to be written ({reason}):"
            " look whether it is there, then try again"
        )


def _converted(message: KafkaMessage) -> LogRecord:
    return LogRecord(
        message.offset() or 0, message.key() or b"", message.value(), message.timestamp()[1]
    )
