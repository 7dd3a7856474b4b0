"""Destinations that are away or slow: all is delivered, in order, without a herd, others go on."""

from __future__ import annotations

import asyncio
import os
import time
from collections import defaultdict
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from authstream.broker.faust import FaustRunner
from authstream.broker.kafka_topics import KafkaTopics, wanted
from authstream.broker.record_writer import RecordWriter
from authstream.contracts import headers as h
from authstream.contracts.avro import encode
from authstream.contracts.topics import DELAYS, Topics
from authstream.effects.email import EmailDelivery
from authstream.effects.webhook import WebhookDelivery
from authstream.engine.delivery import Delivery
from authstream.engine.lane import Limits
from authstream.engine.ports import Output, Stage, SystemClock
from authstream.settings import Settings
from authstream.stages.delay import Delay
from authstream.stages.effect import EffectStage
from tests import kafka_log
from tests.contract.test_effect_kinds import effect
from tests.http_server import Answer, Asked, HttpServer
from tests.kafka_server import KafkaServer
from tests.smtp_server import SmtpServer

pytestmark = [pytest.mark.kafka, pytest.mark.chaos, pytest.mark.timeout(900)]

#: FULL=1: five minutes.
AWAY = timedelta(minutes=5) if os.environ.get("FULL") else timedelta(seconds=20)
#: After it is back: the longest delay that such an outage leads to, and its jitter.
BACK_WITHIN = timedelta(minutes=16) if os.environ.get("FULL") else timedelta(seconds=120)
USERS, EACH = 40, 5
CONCURRENCY = 4


@pytest.fixture
def settings(kafka: KafkaServer, topic_prefix: str) -> Settings:
    """All topics of both kinds."""
    settings = Settings(brokers=kafka.bootstrap, prefix=topic_prefix)
    kinds = ["email", "webhook"]
    needed = wanted(Topics(topic_prefix), settings, triggers=[], actions=[], kinds=kinds)
    KafkaTopics(settings).apply(needed)
    return settings


@asynccontextmanager
async def delivering(kind: Delivery, settings: Settings) -> AsyncGenerator[None]:
    """The stages of a kind, and those of the delays."""
    topics, clock = Topics(settings.prefix), SystemClock()
    stages: list[Stage] = [
        EffectStage(kind, topics=topics, clock=clock, limits=Limits(CONCURRENCY)),
        *(Delay(name, topics=topics, kinds=[kind.name], clock=clock) for name in DELAYS),
    ]
    failures: list[BaseException] = []
    runner = FaustRunner(stages, settings, failed=failures.append)
    await runner.start()
    try:
        yield
    finally:
        await runner.stop()
    assert failures == []


def order(settings: Settings, kind: str, payloads: Sequence[tuple[str, dict[str, Any]]]) -> None:
    """Effects of users, in order."""
    topic = Topics(settings.prefix).effects(kind)
    outputs: list[Output] = []
    for number, (user, payload) in enumerate(payloads):
        ordered = effect(kind, payload, id=f"e{number:05}")
        headers = h.make({h.CE_ID: ordered.id})
        outputs.append(Output(topic, user.encode(), encode(ordered), headers))
    writer = RecordWriter(settings)
    writer.write(outputs)
    writer.close()


async def test_a_mail_server_is_away_and_comes_back(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every e-mail arrives, those of a user in order, over few connections, soon after."""
    mails = [
        (f"user-{user}", {"to": f"user-{user}@example.com", "subject": f"{turn}", "text": "x"})
        for turn in range(EACH)
        for user in range(USERS)
    ]
    with SmtpServer() as smtp:
        smtp.go_down()
        monkeypatch.setenv("AUTHSTREAM_SMTP__PORT", f"{smtp.port}")
        async with delivering(EmailDelivery(), settings):
            await asyncio.to_thread(order, settings, "email", mails)
            await asyncio.sleep(AWAY.total_seconds())
            await asyncio.to_thread(smtp.go_up)
            back = time.monotonic()
            done = Topics(settings.prefix).effects_done("email")
            await asyncio.to_thread(
                kafka_log.read, settings.brokers, done, len(mails), within=BACK_WITHIN
            )
    turns: dict[str, list[str]] = defaultdict(list)
    for _, mail in smtp.received:
        turns[mail["To"]].append(mail["Subject"])
    expected = [f"{turn}" for turn in range(EACH)]
    assert len(turns) == USERS
    assert {user: said for user, said in turns.items() if said != expected} == {}
    assert smtp.connections <= CONCURRENCY + 1
    assert smtp.received[0][0] - back < DELAYS["5s"].total_seconds() * 4


async def test_a_slow_destination_delays_no_other(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its effects wait in delay topics, not in the room of the stage."""
    arrived: list[float] = []

    def slowly(_asked: Asked) -> Answer:
        time.sleep(2)
        return Answer()

    def at_once(_asked: Asked) -> Answer:
        arrived.append(time.monotonic())
        return Answer()

    with HttpServer(slowly) as slow, HttpServer(at_once) as fast:
        monkeypatch.setenv("AUTHSTREAM_WEBHOOK__PRIVATE", '["127.0.0.0/8:*"]')
        hooks = [(f"s{n}", {"url": slow.url + "/", "body": {"n": n}}) for n in range(400)]
        hooks += [(f"f{n}", {"url": fast.url + "/", "body": {"n": n}}) for n in range(40)]
        async with delivering(WebhookDelivery(), settings):
            began = time.monotonic()
            await asyncio.to_thread(order, settings, "webhook", hooks)
            await asyncio.to_thread(
                kafka_log.until, lambda: len(arrived) == 40, "the fast ones arrived"
            )
    # 400 at two seconds each, four at a time, would be 200 s.
    assert arrived[-1] - began < 30
