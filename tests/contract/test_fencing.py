"""Two processes under one instance id: the older one stops and says why, the newer one works."""

from __future__ import annotations

import asyncio

import pytest

from authstream.broker.faust import FaustRunner
from authstream.engine.ports import Message, Output
from authstream.errors import FencedError
from authstream.settings import Settings
from tests import kafka_log
from tests.contract.probe_stage import Probe, ProbeTopics, echo
from tests.kafka_server import KafkaServer

pytestmark = pytest.mark.kafka


async def test_the_older_of_two_with_one_name_is_fenced(
    kafka: KafkaServer, topic_prefix: str
) -> None:
    """The one that came first ends with `FencedError`; a restart of it would only do harm."""
    topics = ProbeTopics(topic_prefix)
    kafka_log.create(kafka.bootstrap, topics.all)
    settings = Settings(brokers=kafka.bootstrap, prefix=topic_prefix, instance="same")

    def by(name: bytes, message: Message) -> list[Output]:
        return [echo(topics, message)._replace(value=name)]

    failures: list[BaseException] = []
    later: list[BaseException] = []
    older = FaustRunner(
        [Probe(topics, lambda message: by(b"older", message))], settings, failed=failures.append
    )
    newer = FaustRunner(
        [Probe(topics, lambda message: by(b"newer", message))], settings, failed=later.append
    )
    await older.start()
    try:
        await _until_ready(older)
        await newer.start()
        try:
            async with asyncio.timeout(kafka_log.PATIENCE.total_seconds()):
                while not failures:  # noqa: ASYNC110 - nobody sets an event
                    await asyncio.sleep(0.02)
            await _until_ready(newer)
            await asyncio.to_thread(
                kafka_log.publish, kafka.bootstrap, [Output(topics.input, b"k", b"v")]
            )
            (record,) = await asyncio.to_thread(kafka_log.read, kafka.bootstrap, topics.output, 1)
        finally:
            await newer.stop()
    finally:
        await older.stop()
    assert [type(error) for error in failures] == [FencedError]
    assert later == []
    assert record.value == b"newer"


async def _until_ready(runner: FaustRunner) -> None:
    async with asyncio.timeout(kafka_log.PATIENCE.total_seconds()):
        while not runner.ready:  # noqa: ASYNC110 - it sets no event
            await asyncio.sleep(0.02)
