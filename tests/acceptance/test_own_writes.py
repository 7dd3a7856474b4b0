"""A user's next login sees what the last one wrote, on a real Kafka, applied or not."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import orjson
import pytest
import yaml

from authstream.apps.stages import assembly, deliveries, triggers
from authstream.broker.faust import FaustRunner
from authstream.broker.kafka_reader import KafkaPointReader
from authstream.broker.kafka_topics import KafkaTopics, wanted
from authstream.contracts.topics import Topics
from authstream.contracts.verdict import Verdict
from authstream.engine.ports import SystemClock
from authstream.publisher import LoginEvent, Publisher
from authstream.settings import Settings
from tests import kafka_log
from tests.kafka_server import KafkaServer
from tests.samples import event
from tests.smtp_server import SmtpServer

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]

ROOT = Path(__file__).resolve().parents[2]
#: The action as Auth0's own sample has it: it sets the flag on every login.
CUSTOMIZATIONS = ROOT / "deploy" / "demo" / "actions" / "Login-Customizations"
WELCOME = """
def on_execute_post_login(event, api):
    if not event.user.app_metadata.get("welcomeEmailSent"):
        name = {"name": event.user.user_id}
        api.effects.send(
            "email", {"to": "ada@example.com", "template": "welcome", "values": name}
        )
"""
LOGINS_DECIDED_WITHIN = timedelta(seconds=30)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A flow of the welcome and Auth0's sample, unmodified."""
    welcome = tmp_path / "actions" / "welcome"
    welcome.mkdir(parents=True)
    (welcome / "action.yaml").write_text("trigger: post-login\n")
    (welcome / "action.py").write_text(WELCOME)
    shutil.copytree(CUSTOMIZATIONS, tmp_path / "actions" / "Login-Customizations")
    (tmp_path / "flows").mkdir()
    bound = [{"action": "welcome"}, {"action": "Login-Customizations"}]
    flow = {"trigger": "post-login", "actions": bound}
    (tmp_path / "flows" / "post-login.yaml").write_text(yaml.safe_dump(flow))
    return tmp_path


@asynccontextmanager
async def running(folder: Path, settings: Settings, *names: str) -> AsyncGenerator[None]:
    """A worker's stages, in this process."""
    reader = KafkaPointReader(settings)
    assembled = assembly(folder, settings, reader=reader, clock=SystemClock())
    failures: list[BaseException] = []
    runner = FaustRunner(assembled.selected(names), settings, failed=failures.append)
    await runner.start()
    try:
        yield
    finally:
        await runner.stop()
        await asyncio.to_thread(reader.close)
    assert failures == []


@pytest.fixture
def settings(
    kafka: KafkaServer, topic_prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Settings:
    """A profile store in a file, from which logins are hydrated."""
    monkeypatch.setenv("AUTHSTREAM_METADATA__SINK", "sqlite")
    monkeypatch.setenv("AUTHSTREAM_METADATA__URL", f"{tmp_path / 'profiles.db'}")
    monkeypatch.setenv("AUTHSTREAM_METADATA__HYDRATE", "fail")
    monkeypatch.setenv("AUTHSTREAM_METADATA__HYDRATE_TIMEOUT_MS", "5000")
    settings = Settings(brokers=kafka.bootstrap, prefix=topic_prefix)
    topics = Topics(topic_prefix)
    actions = [topics.action("default", name) for name in ("welcome", "Login-Customizations")]
    needed = wanted(topics, settings, triggers=triggers(), actions=actions, kinds=deliveries())
    KafkaTopics(settings).apply(needed)
    kafka_log.await_readable(settings, [topic.name for topic in needed])
    return settings


def login(publisher: Publisher, user: str, number: int) -> Verdict:
    """A login whose provider sends no metadata, and its verdict."""
    value = orjson.dumps(event(user={"user_id": user, "email": "ada@example.com"}))
    asked = LoginEvent("post-login", value, f"{user}-{number}", "test")
    return publisher.decide(asked, LOGINS_DECIDED_WITHIN)


async def test_a_second_login_orders_no_second_mail(folder: Path, settings: Settings) -> None:
    """It sees the flag that the first one set: once while nothing applies patches, once after."""
    with SmtpServer() as smtp, pytest.MonkeyPatch.context() as patched:
        patched.setenv("AUTHSTREAM_SMTP__PORT", f"{smtp.port}")
        async with running(folder, settings, "entry", "action.*", "assemble", "fanout"):
            with Publisher(settings) as publisher:
                ordered = [
                    len((await asyncio.to_thread(login, publisher, user, number)).effects)
                    for user in ("ada", "bob")
                    for number in (1, 2, 3)
                ]
        assert ordered == [1, 0, 0, 1, 0, 0]
        done = Topics(settings.prefix).user_metadata_done
        async with running(folder, settings):
            await asyncio.to_thread(kafka_log.read, settings.brokers, done, 6)
            with Publisher(settings) as publisher:
                again = await asyncio.to_thread(login, publisher, "ada", 4)
            delivered = Topics(settings.prefix).effects_done("email")
            await asyncio.to_thread(kafka_log.read, settings.brokers, delivered, 2)
    assert again.effects == ()
    assert sorted(mail["Subject"] for mail in smtp.mails) == ["Welcome, ada", "Welcome, bob"]
