"""The whole flow, from published login event to verdict, against a raw chain of as many hops."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

from authstream import telemetry
from authstream.apps.stages import assembly, deliveries, triggers
from authstream.broker.kafka_reader import KafkaPointReader, KafkaReader
from authstream.broker.kafka_topics import KafkaTopics, wanted
from authstream.contracts.avro import decode
from authstream.contracts.topics import Topics
from authstream.contracts.verdict import Verdict
from authstream.control.folder import load
from authstream.engine.ports import Stage, SystemClock
from authstream.stages.action import Action
from tests.benchmarks import engine_authstream, engine_raw, flow_actions
from tests.benchmarks.bench import RATES, Bench
from tests.benchmarks.engine_authstream import Delivery, settings_of
from tests.benchmarks.figures import Figures
from tests.benchmarks.hop import ARRIVED_WITHIN, MEASURED_WITHIN, STARTED_WITHIN, summary
from tests.benchmarks.processes import Hop, Running, running
from tests.benchmarks.records import DENIED_EVERY, USERS, Sample
from tests.benchmarks.traffic import WARM_UP, Expect, Publish

RAW_CHAIN = "raw chain, 5 processes"
SEPARATE = "Authstream, 5 processes"
SEPARATE_DIRECT = "Authstream, 5 processes, stages called directly"
ONE = "Authstream, all stages in one process"
GUESTS = "Authstream, 5 processes, actions in guest processes"
TRIGGER = "post-login"
PARTITIONS = 4
#: Entry, three actions, assemble.
STAGES = ("entry", *(f"action.{name}" for name in flow_actions.NAMES), "assemble")


@dataclass(frozen=True, slots=True)
class Part:
    """What one process of the flow hosts."""

    brokers: str
    prefix: str
    folder: Path
    stages: tuple[str, ...]
    delivery: Delivery = "agent"
    guests: bool = False
    #: Where spans are exported to; empty: tracing is off.
    collector: str = ""


@dataclass(frozen=True, slots=True)
class Course:
    """A flow or chain that runs: from where to where."""

    source: str
    target: str
    process: Running
    samples: list[Sample]


@dataclass(frozen=True, slots=True)
class Begun:
    """Where both topics of a course ended when it was warm: what came before is not judged."""

    published: int
    decided: list[int]


def serve(part: Part) -> None:
    """Host some stages of the flow until SIGTERM."""
    asyncio.run(_serve(part))


async def _serve(part: Part) -> None:
    if part.collector:
        os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"] = part.collector
        telemetry.configure("authstream")
    settings = settings_of(part.brokers, part.prefix, delivery=part.delivery, partitions=PARTITIONS)
    reader = KafkaPointReader(settings)
    assembled = assembly(part.folder, settings, reader=reader, clock=SystemClock())
    stages = [
        stage if part.guests or not isinstance(stage, Action) else _in_process(stage, part)
        for stage in assembled.selected(part.stages)
    ]
    await engine_authstream.host(stages, settings)


def _in_process(stage: Action, part: Part) -> Stage:
    name = stage.name.removeprefix("action.")
    return Action(
        stage.topics[0],
        name=name,
        versions=flow_actions.InProcess(flow_actions.FUNCTIONS[name]),
        topics=Topics(part.prefix),
        triggers=triggers(),
        clock=SystemClock(),
        slip_key=None,
    )


#: Flat out, the next so many logins are published when all before the last so many are decided:
#: stages never lack work, and no login waits for its deadline where a machine is slow.
_PORTION = 500


def measure(bench: Bench) -> Figures:
    """Latency at login rates, and the most logins per second, of each way to run the flow."""
    figures = Figures()
    ways: dict[str, Callable[[Bench], Generator[Course]]] = {
        RAW_CHAIN: _raw_chain,
        SEPARATE: _separate,
        SEPARATE_DIRECT: lambda bench: _authstream(bench, delivery="direct"),
        ONE: _one,
        GUESTS: lambda bench: _authstream(bench, guests=True),
    }
    for repetition in range(bench.extent.repetitions):
        for name, way in ways.items():
            with contextmanager(way)(bench) as course:
                _course(bench, name, course, figures=figures)
            bench.say(f"whole flow {repetition + 1}: {name}: {_said(figures, name)}")
    return figures


def flat_out(
    bench: Bench, name: str, *, collector: str, samples: Sequence[Sample], figures: Figures
) -> None:
    """The most logins per second, and their processor time, of all stages in one process."""
    way = contextmanager(_authstream)
    with way(bench, together=True, collector=collector, samples=samples) as course:
        _flat_out(bench, name, course, figures=figures)


def _said(figures: Figures, name: str) -> str:
    last = {figure: values[-1] for figure, values in figures.rows[name].items()}
    at = "; ".join(
        f"{rate}/s p50 {last[f'p50_{rate}']:.1f} p99 {last[f'p99_{rate}']:.1f} ms" for rate in RATES
    )
    return f"{at}; at most {last['rate']:,.0f}/s"


def _course(bench: Bench, name: str, course: Course, *, figures: Figures) -> None:
    for rate in RATES:
        count = int(rate * bench.extent.latency_seconds)
        order = Publish(
            course.source, course.samples, count, float(rate), WARM_UP, bench.unique("paced")
        )
        within = timedelta(seconds=bench.extent.latency_seconds) + ARRIVED_WITHIN
        ends = bench.cluster.ends(course.target, PARTITIONS)
        spent = course.process.cpu_seconds()
        arrivals = bench.traffic.latencies(order, Expect(course.target, ends, count, within))
        spent = course.process.cpu_seconds() - spent
        cpu = {f"cpu_ms_{rate}": spent / (count + WARM_UP) * 1e3}
        figures.add(name, **summary(arrivals, count, rate=rate), **cpu)
    _flat_out(bench, name, course, figures=figures)


def _flat_out(bench: Bench, name: str, course: Course, *, figures: Figures) -> None:
    base, count = bench.cluster.count(course.target, PARTITIONS), bench.extent.flow_logins
    spent, first, began = course.process.cpu_seconds(), 0, 0.0
    for published in range(0, count, _PORTION):
        order = Publish(course.source, course.samples, _PORTION, run=bench.unique("flat"))
        bench.traffic.publish(order)
        found, now = _await(bench, course, base + published)
        if published == _PORTION:
            first, began = found, now
    last, ended = _await(bench, course, base + count)
    spent = course.process.cpu_seconds() - spent
    figures.add(name, rate=(last - first) / (ended - began), cpu_ms=spent / count * 1e3)


def _await(bench: Bench, course: Course, count: int) -> tuple[int, float]:
    return bench.cluster.await_count(
        course.target,
        count,
        within=MEASURED_WITHIN,
        partitions=PARTITIONS,
        check=course.process.check,
    )


def _raw_chain(bench: Bench) -> Generator[Course]:
    topics = [bench.cluster.topic("chain", partitions=PARTITIONS) for _ in range(len(STAGES) + 1)]
    hops = [
        Hop(bench.cluster.brokers, source, target, bench.unique("chain"))
        for source, target in pairwise(topics)
    ]
    with running(*((engine_raw.serve, hop) for hop in hops)) as process:
        course = Course(topics[0], topics[-1], process, bench.envelopes)
        _warm(bench, course)
        yield course
    bench.cluster.remove(*topics)


def _separate(bench: Bench) -> Generator[Course]:
    return _authstream(bench)


def _one(bench: Bench) -> Generator[Course]:
    return _authstream(bench, together=True)


def _authstream(
    bench: Bench,
    *,
    delivery: Delivery = "agent",
    guests: bool = False,
    together: bool = False,
    collector: str = "",
    samples: Sequence[Sample] = (),
) -> Generator[Course]:
    prefix = bench.unique("flow")
    groups = (STAGES,) if together else tuple((name,) for name in STAGES)
    with tempfile.TemporaryDirectory(prefix="authstream-bench-") as scratch:
        folder = Path(scratch)
        flow_actions.folder(folder)
        names = topics_of(bench, prefix, folder)
        parts = [
            Part(bench.cluster.brokers, prefix, folder, group, delivery, guests, collector)
            for group in groups
        ]
        with running(*((serve, part) for part in parts)) as process:
            topics = Topics(prefix)
            published = list(samples) or bench.events
            course = Course(topics.requested(TRIGGER), topics.decided(TRIGGER), process, published)
            _warm(bench, course)
            begun = Begun(
                bench.cluster.count(course.source, PARTITIONS),
                bench.cluster.ends(course.target, PARTITIONS),
            )
            yield course
            process.check()
            _check_verdicts(bench, course, prefix, begun=begun)
        bench.cluster.remove(*names)


def topics_of(bench: Bench, prefix: str, folder: Path) -> list[str]:
    """Make the topics of a folder; their names."""
    settings = settings_of(bench.cluster.brokers, prefix, delivery="agent", partitions=PARTITIONS)
    topics = Topics(prefix)
    found = load(folder, triggers=triggers(), topics=topics)
    actions = [action.topic for action in found.actions.values()]
    needed = wanted(topics, settings, triggers=triggers(), actions=actions, kinds=deliveries())
    return KafkaTopics(settings).apply(needed)


def _warm(bench: Bench, course: Course) -> None:
    order = Publish(course.source, course.samples, USERS // 10, run=bench.unique("warm"))
    bench.traffic.publish(order)
    bench.cluster.await_count(
        course.target,
        order.count,
        within=STARTED_WITHIN,
        partitions=PARTITIONS,
        check=course.process.check,
    )


def _check_verdicts(bench: Bench, course: Course, prefix: str, *, begun: Begun) -> None:
    """Raises RuntimeError unless there is one verdict for each flow, the one its actions make."""
    reader = KafkaReader(settings_of(bench.cluster.brokers, prefix, delivery="agent"))
    seen: dict[str, int] = {}
    try:
        ends = bench.cluster.ends(course.target, PARTITIONS)
        for partition, (start, end) in enumerate(zip(begun.decided, ends, strict=True)):
            for batch in reader.between(course.target, partition, start, end=end):
                for message in batch:
                    verdict = decode(Verdict, message.value)
                    said = verdict.code if verdict.outcome == "failed" else verdict.outcome
                    seen[f"{said}"] = seen.get(f"{said}", 0) + 1
    finally:
        reader.close()
    total = bench.cluster.count(course.source, PARTITIONS) - begun.published
    denied = round(total / DENIED_EVERY)
    if set(seen) != {"allowed", "denied"} or sum(seen.values()) != total:
        raise RuntimeError(f"wrong verdicts: {seen} for {total} logins")
    if abs(seen["denied"] - denied) > WARM_UP:
        raise RuntimeError(f"{seen['denied']} of {total} logins denied, not about {denied}")
