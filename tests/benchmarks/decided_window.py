"""What exactly-one-verdict costs: memory of the window of decided legs, and time to rebuild it."""

from __future__ import annotations

import asyncio
import gc
import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from multiprocessing.connection import Connection

import psutil
from confluent_kafka import Producer

from authstream.apps import logs
from authstream.apps.stages import triggers
from authstream.broker.assignment import Assigned
from authstream.broker.kafka_reader import KafkaPointReader
from authstream.broker.kafka_topics import KafkaTopics, wanted
from authstream.broker.recovery import Recovery
from authstream.contracts import headers as h
from authstream.contracts.avro import encode
from authstream.contracts.budgets import DECIDED_WINDOW
from authstream.contracts.topics import Topics
from authstream.contracts.verdict import StepResult, Verdict
from authstream.engine.ports import SystemClock
from authstream.engine.window import FirstWindow, leg_key
from authstream.engine.windows import MemoryWindows
from authstream.settings import Settings
from authstream.stages.assemble import Assemble
from authstream.stages.outputs import event_headers, flow_headers
from tests.benchmarks.bench import Bench
from tests.benchmarks.engine_authstream import settings_of
from tests.benchmarks.figures import Figures
from tests.benchmarks.flow import TRIGGER
from tests.benchmarks.flow_actions import NAMES
from tests.benchmarks.processes import SPAWN

#: Legs whose memory is measured: 100 logins/s over the window.
LEGS = 360_000
ROW = "window of decided legs"
_REBUILT_WITHIN = timedelta(minutes=3)
_QUEUE_ROOM = 1_000
_FLUSH_SECONDS = 60.0


def measure(bench: Bench) -> Figures:
    """Bytes per leg, and verdicts per second when the window is rebuilt from its topic."""
    figures = Figures()
    for _ in range(bench.extent.repetitions):
        figures.add(ROW, bytes_per_leg=_bytes_per_leg())
    count = bench.extent.rebuilt_verdicts
    prefix = bench.unique("window")
    settings = settings_of(bench.cluster.brokers, prefix, delivery="agent")
    logs.configure(settings)
    topics = Topics(prefix)
    needed = wanted(topics, settings, triggers=[TRIGGER], actions=[], kinds=[])
    made = KafkaTopics(settings).apply(needed)
    size = _publish_verdicts(settings.brokers, topics.decided(TRIGGER), count)
    for _ in range(bench.extent.repetitions):
        seconds = asyncio.run(_rebuild(settings, topics, count))
        figures.add(ROW, rebuilt_per_second=count / seconds, bytes_per_verdict=size)
    bench.cluster.remove(*made)
    per_leg = figures.median(ROW, "bytes_per_leg")
    rebuilt = figures.median(ROW, "rebuilt_per_second")
    bench.say(f"{ROW}: {per_leg:.0f} bytes a leg, rebuilt at {rebuilt:,.0f} verdicts/s")
    return figures


def _bytes_per_leg() -> float:
    ours, theirs = SPAWN.Pipe()
    process = SPAWN.Process(target=_fill, args=(theirs,), daemon=True)
    process.start()
    found: float = ours.recv()
    process.join()
    return found


def _fill(end: Connection) -> None:
    """Resident bytes that each leg of a window adds to a fresh process."""
    window = FirstWindow(DECIDED_WINDOW)
    millis = int(DECIDED_WINDOW / timedelta(milliseconds=1))
    gc.collect()
    before = psutil.Process().memory_info().rss
    for number in range(LEGS):
        leg = leg_key(str(uuid.UUID(int=number << 64)), 0)
        window.first(leg, 1_000_000 + number, at=number * millis // LEGS)
    end.send((psutil.Process().memory_info().rss - before) / len(window))


def _publish_verdicts(brokers: str, topic: str, count: int) -> float:
    """Write verdicts as assemble does, all to partition 0; bytes of one value."""
    producer = Producer({"bootstrap.servers": brokers, "linger.ms": 5, "batch.size": 500_000})
    value = b""
    for number in range(count):
        flow_id = str(uuid.UUID(int=number << 64))
        if not value:
            value = encode(_verdict(flow_id))
        flow = flow_headers(flow_id, 0, tenant="shop", trigger=TRIGGER, requested_at=number)
        headers = h.make({**event_headers("verdict", f"{flow_id}/0"), **flow})
        while len(producer) >= 100 * _QUEUE_ROOM:
            producer.poll(0.01)
        producer.produce(topic, value, b"shop/auth0|1", 0, headers=list(headers))
        producer.poll(0)
    if producer.flush(_FLUSH_SECONDS):
        raise TimeoutError(f"verdicts for {topic} were not acknowledged")
    return float(len(value))


def _verdict(flow_id: str) -> Verdict:
    steps = tuple(StepResult(action=name, version=1, status="ok", ms=1.5) for name in NAMES)
    return Verdict(
        flow_id=flow_id,
        leg=0,
        tenant="shop",
        trigger=TRIGGER,
        outcome="allowed",
        steps=steps,
        requested_at=1,
        decided_at=2,
    )


async def _rebuild(settings: Settings, topics: Topics, count: int) -> float:
    """Seconds until the stage remembers all of the partition, as after an assignment."""
    loop = asyncio.get_running_loop()
    reader = KafkaPointReader(settings)
    known = {TRIGGER: triggers()[TRIGGER]}
    windows = MemoryWindows(Assemble.name, DECIDED_WINDOW)
    stage = Assemble(topics=topics, triggers=known, reader=reader, slip_key=None, windows=windows)
    failures: list[BaseException] = []

    def on_loop(function: Callable[[], None]) -> None:
        loop.call_soon_threadsafe(function)

    recovery = Recovery(
        stage,
        settings,
        clock=SystemClock(),
        on_loop=on_loop,
        fatal=failures.append,
    )
    partition = Assigned(topics.assemble, 0)
    began = time.monotonic()
    recovery.begin([partition])
    async with asyncio.timeout(_REBUILT_WITHIN.total_seconds()):
        while not partition.ready:  # noqa: ASYNC110 - a partition becomes ready silently
            await asyncio.sleep(0.01)
    seconds = time.monotonic() - began
    reader.close()
    remembered = len(windows.of("", 0))
    if remembered != count:
        raise RuntimeError(f"{remembered} of {count} verdicts remembered")
    return seconds
