"""Load and sink, each in a process of its own that lives as long as the benchmark.

Latency is counted from the moment a record was meant to be sent (open loop): a load generator that
is late does not hide what a caller would have waited.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing.connection import Connection
from typing import Any

from confluent_kafka import Consumer, Producer, TopicPartition

from tests.benchmarks.processes import QUIET, SPAWN
from tests.benchmarks.records import CORRELATION, Sample

#: A sleep is late by less than this; the rest is waited for awake, at the cost of the processor.
_SPIN_SECONDS = 0.0002
_FLUSH_SECONDS = 60.0
_ANSWER = timedelta(minutes=3)
#: Sent first and not counted: caches, connections and compilers get warm.
WARM_UP = 20


@dataclass(frozen=True, slots=True)
class Publish:
    """Records to write: evenly at a rate, or as fast as can be."""

    topic: str
    samples: Sequence[Sample]
    count: int
    #: Records per second; None: no pause.
    rate: float | None = None
    warm_up: int = 0
    #: Makes ids that no other publication has.
    run: str = ""


@dataclass(frozen=True, slots=True)
class Expect:
    """Records to wait for."""

    topic: str
    ends: Sequence[int]
    count: int
    within: timedelta


class Traffic:
    """The two processes. `latencies` is what they are for."""

    def __init__(self, load: Connection, sink: Connection) -> None:
        self._load = load
        self._sink = sink

    def publish(self, order: Publish) -> None:
        """Write records; returns when all are acknowledged."""
        self._load.send(order)
        self._answer(self._load)

    def start(self, order: Publish) -> Callable[[], None]:
        """Begin to write records; what is returned waits for the end of it."""
        self._load.send(order)
        return lambda: self._answer(self._load)

    def latencies(self, order: Publish, expected: Expect) -> list[float]:
        """Milliseconds from each record's intended sending to its arrival; as many as arrived."""
        self._sink.send(expected)
        self._answer(self._sink)
        self.publish(order)
        found: list[float] = self._answer(self._sink)
        return found

    def _answer(self, end: Connection) -> Any:
        if not end.poll(_ANSWER.total_seconds()):
            raise TimeoutError("the load generator or the sink does not answer")
        answer = end.recv()
        if isinstance(answer, Exception):
            raise answer
        return answer


@contextmanager
def traffic(brokers: str) -> Generator[Traffic]:
    """Both processes, for as long as the context is open."""
    ends: list[Connection] = []
    processes: list[Any] = []
    for function in (_load, _sink):
        ours, theirs = SPAWN.Pipe()
        process = SPAWN.Process(target=function, args=(brokers, theirs), daemon=True)
        process.start()
        theirs.close()
        ends.append(ours)
        processes.append(process)
    try:
        yield Traffic(*ends)
    finally:
        for process in processes:
            process.kill()
            process.join()


def _load(brokers: str, end: Connection) -> None:
    common = {
        "bootstrap.servers": brokers,
        "acks": "all",
        "partitioner": "murmur2_random",
        "log_level": QUIET,
    }
    paced = Producer({**common, "linger.ms": 0})
    bulk = Producer(
        {
            **common,
            "linger.ms": 5,
            "batch.size": 500_000,
            "queue.buffering.max.messages": 400_000,
            "queue.buffering.max.kbytes": 1_000_000,
        }
    )
    while True:
        order: Publish = end.recv()
        producer = bulk if order.rate is None else paced
        _publish(producer, order)
        end.send(None if producer.flush(_FLUSH_SECONDS) == 0 else TimeoutError("not acknowledged"))


def _publish(producer: Producer, order: Publish) -> None:
    due = time.monotonic_ns()
    pause = 0 if order.rate is None else int(1e9 / order.rate)
    for number in range(-order.warm_up, order.count):
        due += pause
        if pause:
            _wait_until(due)
        sample = order.samples[number % len(order.samples)]
        label = f"{order.run}:{number}:{due}".encode()
        headers: list[tuple[str, str | bytes | None]] = [*sample.headers]
        headers += [("ce_id", label), (CORRELATION, label)]
        producer.produce(order.topic, sample.value, sample.key, headers=headers)
        producer.poll(0)


def _wait_until(due: int) -> None:
    while (left := (due - time.monotonic_ns()) / 1e9) > 0:
        time.sleep(max(0.0, left - _SPIN_SECONDS))


def _sink(brokers: str, end: Connection) -> None:
    consumer = Consumer(
        {
            "bootstrap.servers": brokers,
            "group.id": "bench-sink",
            "enable.auto.commit": False,
            "log_level": QUIET,
        }
    )
    while True:
        expected: Expect = end.recv()
        consumer.assign(
            [TopicPartition(expected.topic, n, offset) for n, offset in enumerate(expected.ends)]
        )
        consumer.poll(0.3)
        end.send(None)
        end.send(_arrivals(consumer, expected))


def _arrivals(consumer: Consumer, expected: Expect) -> list[float]:
    found: dict[int, float] = {}
    deadline = time.monotonic() + expected.within.total_seconds()
    while len(found) < expected.count and time.monotonic() < deadline:
        message = consumer.poll(0.5)
        if message is None or message.error() is not None:
            continue
        now = time.monotonic_ns()
        headers: Any = message.headers() or ()
        label = next(value for name, value in headers if name == CORRELATION)
        number, due = map(int, label.split(b":")[1:])
        if number >= 0:
            found.setdefault(number, (now - due) / 1e6)
    return list(found.values())
