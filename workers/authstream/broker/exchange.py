"""Request and reply over Kafka: records out, and answers in on a partition of this process's own.

No group and no rebalance: the process assigns itself one partition of the replies topic and puts
its number, with a random correlation id, on what it asks.
"""

from __future__ import annotations

import random
import secrets
import threading
from collections.abc import Callable
from typing import Any

from confluent_kafka import (
    OFFSET_END,
    Consumer,
    KafkaError,
    KafkaException,
    Producer,
    TopicPartition,
)
from confluent_kafka import Message as KafkaMessage

from authstream.broker.kafka_config import follower_config, producer_config
from authstream.broker.kafka_reader import converted
from authstream.broker.schema_registry import framing_of, written
from authstream.contracts import headers as h
from authstream.engine.ports import Message, Output
from authstream.errors import (
    AuthstreamError,
    BackPressureError,
    BrokerUnreachableError,
    ConfigurationError,
)
from authstream.settings import Settings

#: Records that may wait for the broker; one more is refused at once.
QUEUE_RECORDS = 10_000
#: Bytes that they may have together, in KiB.
_QUEUE_KBYTES = 64 * 1024
_POLL_SECONDS = 0.2
_FLUSH_SECONDS = 10.0
_CORRELATION_BYTES = 16
_METADATA_SECONDS = 5.0
#: The producer chooses the partition.
_ANY_PARTITION = -1

#: Called in a thread of the exchange, with the record as it was written or why it was not.
Delivered = Callable[[Message | BrokerUnreachableError], None]
#: Called in a thread of the exchange.
Arrived = Callable[[Message], None]


class UnknownPartitionError(AuthstreamError):
    """A record is for a partition that its topic does not have."""

    code = "unknown_partition"


class Exchange:
    """Thread-safe; one for each process. `close` waits for what is under way."""

    def __init__(self, settings: Settings, replies: str) -> None:
        self._settings = settings
        self._topic = replies
        self._framing = framing_of(settings)
        self._producer = Producer(
            {
                **producer_config(settings),
                "queue.buffering.max.messages": QUEUE_RECORDS,
                "queue.buffering.max.kbytes": _QUEUE_KBYTES,
            }
        )
        self._expected: dict[bytes, Arrived] = {}
        self._replies: _Replies | None = None
        self._lock = threading.Lock()
        self._stopping = False
        # One thread serves the deliveries of all callers: two that poll hold up each other's.
        self._delivery = threading.Thread(
            target=self._serve, name="authstream-exchange", daemon=True
        )
        self._delivery.start()

    def send(self, output: Output, delivered: Delivered) -> None:
        """Write a record. Raises BackPressureError when too many wait for the broker already."""

        def reported(error: KafkaError | None, message: KafkaMessage) -> None:
            if error is None:
                delivered(converted(message, self._framing))
            else:
                delivered(
                    BrokerUnreachableError(
                        f"a record was not written to {output.topic} ({error.str()}): "
                        "check AUTHSTREAM_BROKERS and `authstream topics check`"
                    )
                )

        try:
            self._producer.produce(
                output.topic,
                written(output.value, self._framing),
                output.key,
                _ANY_PARTITION if output.partition is None else output.partition,
                on_delivery=reported,
                headers=list(output.headers),
            )
        except BufferError:
            raise BackPressureError(
                f"{QUEUE_RECORDS} records wait for the broker already: ask again later"
            ) from None
        except KafkaException as error:
            if error.args[0].code() == KafkaError._UNKNOWN_PARTITION:  # noqa: SLF001 - its public name
                raise UnknownPartitionError(
                    f"{output.topic} has no partition {output.partition}"
                ) from None
            raise BrokerUnreachableError(
                f"a record cannot be written to {output.topic} ({error}): "
                "this process must be started again"
            ) from error

    def expect(self, arrived: Arrived) -> tuple[bytes, h.Headers]:
        """A new correlation id, and the headers of a request whose answers `arrived` gets.

        Raises BrokerUnreachableError, ConfigurationError. Blocks, once, to find a partition.
        """
        partition = self.listen()
        correlation = secrets.token_bytes(_CORRELATION_BYTES).hex().encode()
        self._expected[correlation] = arrived
        address = (h.REPLY_PARTITION, b"%d" % partition)
        return correlation, (address, (h.CORRELATION_ID, correlation))

    def forget(self, correlation: bytes) -> None:
        """No answer is expected any more."""
        self._expected.pop(correlation, None)

    def listen(self) -> int:
        """The partition that answers come to; read from now on. Raises as `expect` does."""
        with self._lock:
            if self._replies is None:
                self._replies = _Replies(self._settings, self._topic, self._arrived)
            return self._replies.partition

    def close(self) -> None:
        """Write what waits, for ten seconds at most, and stop."""
        self._producer.flush(_FLUSH_SECONDS)
        self._stopping = True
        self._delivery.join(5 * _POLL_SECONDS)
        if self._replies is not None:
            self._replies.close()

    def _serve(self) -> None:
        while not self._stopping:
            self._producer.poll(_POLL_SECONDS)

    def _arrived(self, message: Message) -> None:
        arrived = self._expected.get(h.first(message.headers, h.CORRELATION_ID) or b"")
        if arrived is not None:
            arrived(message)


class _Replies:
    """Reads one partition of the replies topic from its end, in a thread."""

    def __init__(self, settings: Settings, topic: str, arrived: Any) -> None:  # noqa: ANN401 - a bound method
        self._consumer = Consumer(follower_config(settings, awaited=True))
        self._framing = framing_of(settings)
        self._arrived = arrived
        self._stopping = False
        try:
            self.partition = self._assign(topic)
        except KafkaException as error:
            self._consumer.close()
            raise BrokerUnreachableError(
                f"no broker answers at {settings.brokers}: start one, or set AUTHSTREAM_BROKERS"
            ) from error
        self._thread = threading.Thread(target=self._run, name="authstream-replies", daemon=True)
        self._thread.start()

    def _assign(self, topic: str) -> int:
        found = self._consumer.list_topics(topic, timeout=_METADATA_SECONDS)
        partitions = found.topics[topic].partitions
        if not partitions:
            raise ConfigurationError(f"topic {topic} is missing: run `authstream topics apply`")
        partition: int = random.choice(sorted(partitions))  # noqa: S311 - spreads processes, decides nothing
        end = self._consumer.get_watermark_offsets(
            TopicPartition(topic, partition), timeout=_METADATA_SECONDS
        )[1]
        # A position, not "the end": a reply written before the first fetch must not be missed.
        self._consumer.assign([TopicPartition(topic, partition, end if end >= 0 else OFFSET_END)])
        return partition

    def close(self) -> None:
        self._stopping = True
        self._thread.join(5 * _POLL_SECONDS)
        self._consumer.close()

    def _run(self) -> None:
        while not self._stopping:
            message = self._consumer.poll(_POLL_SECONDS)
            if message is not None and message.error() is None:
                self._arrived(converted(message, self._framing))
