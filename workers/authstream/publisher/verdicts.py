"""Reads the verdicts of a trigger, each leg's once: the first record of a leg is its verdict."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from types import TracebackType
from typing import Self

from confluent_kafka import Consumer, KafkaException, TopicPartition

from authstream.broker.kafka_config import consumer_config
from authstream.broker.kafka_reader import KafkaReader, back, converted
from authstream.broker.schema_registry import framing_of
from authstream.contracts.avro import decode
from authstream.contracts.budgets import DECIDED_WINDOW
from authstream.contracts.topics import Topics
from authstream.contracts.verdict import Verdict
from authstream.engine.first_wins import FirstWins
from authstream.engine.ports import Message, SystemClock
from authstream.errors import BrokerUnreachableError
from authstream.settings import Settings

_POLL_SECONDS = 0.2


class VerdictReader:
    """A member of a consumer group. Use as a context manager, in one thread.

    What was read is committed when the next verdict is asked for: after a crash the last one comes
    again. Repeats and a zombie's second verdict are left out, also across restarts.
    """

    def __init__(
        self,
        trigger: str,
        *,
        group: str,
        settings: Settings | None = None,
        window: timedelta = DECIDED_WINDOW,
    ) -> None:
        used = settings or Settings()
        self._settings = used
        self._framing = framing_of(used)
        self._first = FirstWins(window)
        self._window = window
        self._group = f"{used.prefix}.reader.{group}"
        self._consumer = Consumer(
            consumer_config(used, group=self._group, assignor="cooperative-sticky")
        )
        self._read: Message | None = None
        self._consumer.subscribe(
            [Topics(used.prefix).decided(trigger)],
            on_assign=self._assigned,
            on_revoke=self._revoked,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Leave the group. The verdict last given is not committed: it may not be worked on."""
        self._consumer.close()

    def __iter__(self) -> Iterator[Verdict]:
        """Verdicts without end."""
        while True:
            verdict = self.next(timedelta(seconds=1))
            if verdict is not None:
                yield verdict

    def next(self, timeout: timedelta) -> Verdict | None:
        """The next verdict, or None when none comes in time. Raises RecordError, KafkaException."""
        self._commit()
        left = int(timeout.total_seconds() / _POLL_SECONDS) + 1
        for _ in range(left):
            polled = self._consumer.poll(_POLL_SECONDS)
            if polled is None or polled.error() is not None:
                continue
            message = self._read = converted(polled, self._framing)
            verdict = decode(Verdict, message.value)
            if self._first.accepts(message, verdict.flow_id, verdict.leg):
                return verdict
        return None

    def _commit(self) -> None:
        if self._read is not None:
            read, self._read = self._read, None
            place = TopicPartition(read.topic, read.partition, read.offset + 1)
            self._consumer.commit(offsets=[place], asynchronous=True)

    def _assigned(self, _consumer: Consumer, partitions: list[TopicPartition]) -> None:
        reader = KafkaReader(self._settings, group=self._group)
        since = back(self._window, now=SystemClock().now())
        try:
            for place in partitions:
                topic, partition = place.topic, place.partition
                start = reader.offset_at(topic, partition, since)
                position = reader.committed([(topic, partition)])[topic, partition]
                for batch in reader.between(topic, partition, start, end=position):
                    for message in batch:
                        self._first.remember(message)
        except KafkaException as error:
            raise BrokerUnreachableError(f"verdicts cannot be read back ({error})") from error
        finally:
            reader.close()

    def _revoked(self, _consumer: Consumer, partitions: list[TopicPartition]) -> None:
        for place in partitions:
            self._first.forget(place.topic, place.partition)
