"""What a worker measures of itself over real Kafka: partitions, stages, verdicts, the clock."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from authstream.apps.measuring import measure_flows, measure_runner
from authstream.apps.stages import Assembly, assembly, deliveries, triggers
from authstream.broker.faust import FaustRunner
from authstream.broker.kafka_reader import KafkaPointReader
from authstream.broker.kafka_topics import KafkaTopics, wanted
from authstream.engine.ports import Output, SystemClock
from authstream.metrics.registry import REGISTRY, Registry
from authstream.settings import Settings
from tests import kafka_log
from tests.contract.runner_suite import login
from tests.kafka_server import KafkaServer

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(120)]
_FOLDER = Path(__file__).resolve().parents[1] / "chaos" / "folder"
#: Scraped from another thread, as it is.
_SCRAPE = timedelta(milliseconds=300)
#: More than an acknowledgement on a busy machine.
_NO_SKEW = 2.0


@asynccontextmanager
async def working(settings: Settings) -> AsyncGenerator[tuple[Assembly, Registry]]:
    """All stages of a folder on real Kafka, and the metrics that are read of them."""
    reader = KafkaPointReader(settings)
    assembled = assembly(_FOLDER, settings, reader=reader, clock=SystemClock())
    actions = [action.topic for action in assembled.folder.actions.values()]
    KafkaTopics(settings).apply(
        wanted(assembled.topics, settings, triggers=triggers(), actions=actions, kinds=deliveries())
    )
    failures: list[BaseException] = []
    runner, registry = FaustRunner(assembled.stages, settings, failed=failures.append), Registry()
    await runner.start()
    measure_runner(runner, registry)
    measure_flows(assembled.folder.flows.values, assembled.topics, registry)
    try:
        yield assembled, registry
    finally:
        await runner.stop()
        reader.close()
    assert failures == []


def numbers(registry: Registry, name: str) -> dict[tuple[str, ...], float]:
    """The series of a metric."""
    found = (family.numbers for family in registry.collect() if family.instrument.name == name)
    return next(found, dict[tuple[str, ...], float]())


def counted(name: str) -> dict[tuple[str, ...], float]:
    """The same of what stages count in this process."""
    return numbers(REGISTRY, name)


async def test_a_login_and_a_poison_event_are_measured(
    kafka: KafkaServer, topic_prefix: str
) -> None:
    """One verdict allowed, one failed with a dead letter, nothing left behind, no skew."""
    settings = Settings(brokers=kafka.bootstrap, prefix=topic_prefix)
    before = {name: counted(name) for name in ("authstream.verdicts", "authstream.dead_letters")}
    async with working(settings) as (assembled, registry):
        topics = assembled.topics
        good = login(topics, "ada", "login-1", (0, b"one"))
        poison = Output(good.topic, good.key, b"no JSON", good.headers)
        await asyncio.to_thread(kafka_log.publish, settings.brokers, [good, poison])

        def committed() -> bool:
            done = numbers(registry, "authstream.partition.committed")
            return (
                sum(done.get(("fanout", topics.decided("post-login"), f"{n}"), 0) for n in range(4))
                == 2
            )

        await asyncio.to_thread(kafka_log.until, committed, "both are decided", every=_SCRAPE)

        def nothing_waits() -> bool:
            lag = numbers(registry, "authstream.partition.lag")
            seen = {stage for stage, _, _ in lag} >= {"entry", "assemble", "fanout"}
            return seen and sum(lag.values()) == 0

        await asyncio.to_thread(kafka_log.until, nothing_waits, "no lag", every=_SCRAPE)
        position = numbers(registry, "authstream.partition.position")
        done = numbers(registry, "authstream.partition.committed")
        assert {place: position[place] for place in done} == done
        assert max(numbers(registry, "authstream.partition.oldest").values()) == 0
        assert numbers(registry, "authstream.stage.in_flight")["entry",] == 0
        (skew,) = numbers(registry, "authstream.clock.skew").values()
        assert 0 <= skew < _NO_SKEW
        bound = numbers(registry, "authstream.action.bound")
        assert bound == {("enrich",): 1, ("claims",): 1}
    after = {name: counted(name) for name in before}
    for name, series in (
        ("authstream.verdicts", ("post-login", "allowed", "")),
        ("authstream.verdicts", ("post-login", "failed", "invalid_event")),
        ("authstream.dead_letters", ("entry", "invalid_event")),
    ):
        assert after[name].get(series, 0) - before[name].get(series, 0) == 1
