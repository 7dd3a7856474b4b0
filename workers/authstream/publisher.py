"""The SDK for providers and gateways on Kafka: publish a login event, wait for its verdict.

`publish` returns when the broker has the event (acks=all). `decide` also waits for the verdict,
on a partition of the replies topic that this process assigns itself: no group, no rebalance.
"""

from __future__ import annotations

import random
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from types import TracebackType
from typing import Any, Self

from confluent_kafka import (
    OFFSET_END,
    Consumer,
    KafkaError,
    KafkaException,
    Producer,
    TopicPartition,
)
from confluent_kafka import Message as KafkaMessage

from authstream import telemetry
from authstream.broker.kafka_config import producer_config, reader_config
from authstream.broker.kafka_reader import converted
from authstream.contracts import headers as h
from authstream.contracts.avro import decode
from authstream.contracts.resume import Resume
from authstream.contracts.topics import Topics
from authstream.contracts.verdict import Verdict
from authstream.engine.ports import Message, Output
from authstream.engine.resume_record import resume_record
from authstream.errors import (
    AuthstreamError,
    BrokerUnreachableError,
    ConfigurationError,
    StateInvalidError,
)
from authstream.settings import Settings

PUBLISH_WITHIN = timedelta(seconds=10)
_POLL_SECONDS = 0.2
_CORRELATION_BYTES = 16
_METADATA_SECONDS = 5.0
#: The producer chooses the partition.
_ANY_PARTITION = -1


class NoVerdictError(AuthstreamError):
    """No verdict came within the time that the caller allowed; the login must not be let in."""

    code = "no_verdict"
    exit_status = 75


@dataclass(frozen=True, slots=True)
class LoginEvent:
    """A login event to publish. `id` is the provider's idempotency key, the same on a retry."""

    trigger: str
    data: bytes
    id: str
    source: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where a published event is."""

    topic: str
    partition: int
    offset: int


class _Waiting:
    def __init__(self) -> None:
        self.arrived = threading.Event()
        self.reply: Message | None = None


class Publisher:
    """Thread-safe; one for each process. Use as a context manager."""

    def __init__(self, settings: Settings | None = None) -> None:
        self._settings = settings or Settings()
        self._topics = Topics(self._settings.prefix)
        self._producer = Producer(producer_config(self._settings))
        self._waiting: dict[bytes, _Waiting] = {}
        self._replies: _Replies | None = None
        self._lock = threading.Lock()
        self._stopping = False
        # One thread serves the deliveries of all callers: two that poll hold up each other's.
        self._delivery = threading.Thread(
            target=self._serve, name="authstream-publisher", daemon=True
        )
        self._delivery.start()

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
        """Stop listening for replies."""
        if self._replies is not None:
            self._replies.close()
        self._producer.flush(PUBLISH_WITHIN.total_seconds())
        self._stopping = True
        self._delivery.join(5 * _POLL_SECONDS)

    def publish(self, event: LoginEvent) -> Place:
        """Write an event to `requested`. Raises BrokerUnreachableError."""
        return self._publish(event, ())

    def decide(self, event: LoginEvent, timeout: timedelta) -> Verdict:
        """The verdict on an event. Raises NoVerdictError, BrokerUnreachableError."""

        def publish(headers: h.Headers) -> None:
            self._publish(event, headers)

        return self._verdict(publish, f"event {event.id}", timeout)

    def resume(self, resume: Resume, timeout: timedelta) -> Verdict:
        """The verdict of the next leg of a suspended flow, whose browser is back.

        A state that is not good gives `failed` with a code that begins with `state_`. Raises
        StateInvalidError for one that cannot be read, NoVerdictError, BrokerUnreachableError.
        """

        def publish(headers: h.Headers) -> None:
            try:
                self._send(resume_record(self._topics, resume, headers), "the resume record")
            except KafkaException as error:
                # There is no such partition, so nobody of us made the state.
                raise StateInvalidError("the state leads nowhere: begin the login again") from error

        return self._verdict(publish, "the resumed flow", timeout)

    def _verdict(
        self, publish: Callable[[h.Headers], None], what: str, timeout: timedelta
    ) -> Verdict:
        replies = self._listen()
        correlation = secrets.token_bytes(_CORRELATION_BYTES).hex().encode()
        waiting = self._waiting[correlation] = _Waiting()
        deadline = int((time.time() + timeout.total_seconds()) * 1000)
        headers = (
            (h.REPLY_PARTITION, str(replies.partition).encode()),
            (h.CORRELATION_ID, correlation),
            (h.DEADLINE, str(deadline).encode()),
        )
        try:
            publish(headers)
            if not waiting.arrived.wait(timeout.total_seconds()) or waiting.reply is None:
                raise NoVerdictError(
                    f"no verdict on {what} within {timeout.total_seconds()} s: is a worker running?"
                )
        finally:
            del self._waiting[correlation]
        return decode(Verdict, waiting.reply.value)

    def _publish(self, event: LoginEvent, extra: h.Headers) -> Place:
        topic = self._topics.requested(event.trigger)
        members = {
            h.CE_ID: event.id,
            h.CE_SOURCE: event.source,
            h.CE_TYPE: f"authstream.{event.trigger}.requested.v1",
            h.CE_SPECVERSION: "1.0",
        }
        headers = (*h.make(members), (h.CONTENT_TYPE, h.JSON_TYPE), *extra)
        return self._send(Output(topic, None, event.data, headers), f"event {event.id}")

    def _send(self, record: Output, what: str) -> Place:
        tracing = telemetry.tracing()
        if tracing is None:
            return self._write(record, what)
        span = tracing.send(record.topic)
        try:
            return self._write(
                record._replace(headers=telemetry.injected(record.headers, span)), what
            )
        finally:
            span.end()

    def _write(self, record: Output, what: str) -> Place:
        outcome: list[tuple[KafkaError | None, KafkaMessage]] = []
        done = threading.Event()

        def delivered(error: KafkaError | None, message: KafkaMessage) -> None:
            outcome.append((error, message))
            done.set()

        self._producer.produce(
            record.topic,
            record.value,
            record.key,
            partition=_ANY_PARTITION if record.partition is None else record.partition,
            headers=list(record.headers),
            on_delivery=delivered,
        )
        done.wait(PUBLISH_WITHIN.total_seconds())
        error, message = outcome[0] if outcome else (None, None)
        if message is None or error is not None:
            why = (
                error.str()
                if error is not None
                else f"no acknowledgement within {PUBLISH_WITHIN.total_seconds():.0f} s"
            )
            raise BrokerUnreachableError(
                f"{what} was not published to {record.topic} ({why}): "
                "check AUTHSTREAM_BROKERS and `authstream topics check`"
            )
        return Place(record.topic, message.partition() or 0, message.offset() or 0)

    def _serve(self) -> None:
        while not self._stopping:
            self._producer.poll(_POLL_SECONDS)

    def _listen(self) -> _Replies:
        with self._lock:
            if self._replies is None:
                self._replies = _Replies(self._settings, self._topics.replies, self._arrived)
            return self._replies

    def _arrived(self, message: Message) -> None:
        waiting = self._waiting.get(h.first(message.headers, h.CORRELATION_ID) or b"")
        if waiting is not None:
            waiting.reply = message
            waiting.arrived.set()


class _Replies:
    """Reads one partition of the replies topic from its end, in a thread."""

    def __init__(self, settings: Settings, topic: str, arrived: Any) -> None:  # noqa: ANN401 - a bound method
        self._consumer = Consumer(reader_config(settings))
        self._arrived = arrived
        self._stopping = False
        try:
            partitions = (
                self._consumer.list_topics(topic, timeout=_METADATA_SECONDS)
                .topics[topic]
                .partitions
            )
        except KafkaException as error:
            raise BrokerUnreachableError(
                f"no broker answers at {settings.brokers}: start one, or set AUTHSTREAM_BROKERS"
            ) from error
        if not partitions:
            raise ConfigurationError(f"topic {topic} is missing: run `authstream topics apply`")
        self.partition = random.choice(sorted(partitions))  # noqa: S311 - spreads processes, decides nothing
        end = self._consumer.get_watermark_offsets(
            TopicPartition(topic, self.partition), timeout=_METADATA_SECONDS
        )[1]
        # A position, not "the end": a reply written before the first fetch must not be missed.
        self._consumer.assign(
            [TopicPartition(topic, self.partition, end if end >= 0 else OFFSET_END)]
        )
        self._thread = threading.Thread(target=self._run, name="authstream-replies", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._stopping = True
        self._thread.join(5 * _POLL_SECONDS)
        self._consumer.close()

    def _run(self) -> None:
        while not self._stopping:
            message = self._consumer.poll(_POLL_SECONDS)
            if message is not None and message.error() is None:
                self._arrived(converted(message))
