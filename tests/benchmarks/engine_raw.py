"""The measure of all others: a bare confluent-kafka loop that loses nothing.

Order per partition, outputs acknowledged through delivery callbacks, contiguous prefixes committed
every 100 ms. It waits for one thing at a time, and has no rebalance handling, tracing or time-outs.
"""

from __future__ import annotations

import os
import time
from collections import deque

from confluent_kafka import Consumer, KafkaError, Message, Producer, TopicPartition

from tests.benchmarks.processes import QUIET, Hop
from tests.benchmarks.work import CALL, changed

_COMMIT_SECONDS = 0.1
_BATCH = 256
_EXIT_DELIVERY = 3

#: An offset, and whether its output is acknowledged.
Cell = list[int]


def serve(hop: Hop) -> None:
    """Run until killed."""
    producer = Producer(
        {
            "bootstrap.servers": hop.brokers,
            "log_level": QUIET,
            "acks": "all",
            "enable.idempotence": True,
            "linger.ms": 0,
            "batch.size": 262_144,
            "partitioner": "murmur2_random",
        }
    )
    consumer = Consumer(
        {
            "bootstrap.servers": hop.brokers,
            "log_level": QUIET,
            "group.id": hop.group,
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
            "auto.offset.reset": "earliest",
            "fetch.wait.max.ms": 100,
            "session.timeout.ms": 6_000,
        }
    )
    consumer.subscribe([hop.source])
    pending: dict[int, deque[Cell]] = {}
    committed = time.monotonic()
    while True:
        for message in _next(consumer):
            if message.error() is None:
                _forward(hop, message, producer, pending=pending)
        producer.poll(0)
        if time.monotonic() - committed >= _COMMIT_SECONDS:
            committed = time.monotonic()
            _commit(hop, consumer, pending)


def _next(consumer: Consumer) -> list[Message]:
    found = consumer.consume(_BATCH, 0)
    if not found and (first := consumer.poll(_COMMIT_SECONDS)) is not None:
        return [first]
    return found


def _forward(
    hop: Hop, message: Message, producer: Producer, *, pending: dict[int, deque[Cell]]
) -> None:
    if hop.waits:
        time.sleep(CALL.total_seconds())
    value = message.value() if hop.waits else changed(message.value())
    cell: Cell = [message.offset() or 0, 0]
    pending.setdefault(message.partition() or 0, deque()).append(cell)

    def delivered(error: KafkaError | None, _message: Message) -> None:
        if error is not None:
            os._exit(_EXIT_DELIVERY)
        cell[1] = 1

    producer.produce(
        hop.target, value, message.key(), on_delivery=delivered, headers=message.headers()
    )
    producer.poll(0)


def _commit(hop: Hop, consumer: Consumer, pending: dict[int, deque[Cell]]) -> None:
    safe: list[TopicPartition] = []
    for partition, cells in pending.items():
        done = None
        while cells and cells[0][1]:
            done = cells.popleft()[0] + 1
        if done is not None:
            safe.append(TopicPartition(hop.source, partition, done))
    if safe:
        consumer.commit(offsets=safe, asynchronous=True)
