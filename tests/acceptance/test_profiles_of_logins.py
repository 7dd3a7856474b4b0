"""Concurrent logins with PostgreSQL as the profile store: its metadata is the fold of the log."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import orjson
import pytest
import yaml

from authstream.apps.stages import deliveries, triggers
from authstream.broker.kafka_topics import KafkaTopics, wanted
from authstream.contracts.avro import decode
from authstream.contracts.effect import MetadataPatch
from authstream.contracts.topics import Topics
from authstream.contracts.verdict import Verdict
from authstream.engine.sink import Profile, overlaid
from authstream.publisher import AsyncPublisher, LoginEvent
from authstream.settings import Settings
from authstream.sinks.postgres import PostgresStore
from tests import kafka_log
from tests.acceptance.test_own_writes import running
from tests.kafka_server import KafkaServer
from tests.postgres_server import PostgresServer
from tests.samples import event

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.timeout(180)]
USERS, LOGINS = 8, 160
#: Of one user at a time; more than eight would be limited.
AT_ONCE = 5
DECIDED_WITHIN = timedelta(seconds=30)
#: Counts what it sees, sets one of three keys and removes another, as the login says.
COUNTER = """
def on_execute_post_login(event, api):
    api.user.set_app_metadata("logins", event.user.app_metadata.get("logins", 0) + 1)
    api.user.set_app_metadata(event.client.client_id, event.request.ip)
    api.user.set_user_metadata(event.connection.name, None)
    api.user.set_user_metadata(event.client.client_id, {"from": event.request.ip})
"""


@pytest.fixture
def database(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An empty database, from which logins are hydrated."""
    with PostgresServer() as server:
        monkeypatch.setenv("AUTHSTREAM_METADATA__SINK", "postgres")
        monkeypatch.setenv("AUTHSTREAM_METADATA__URL", server.url)
        monkeypatch.setenv("AUTHSTREAM_METADATA__HYDRATE", "fail")
        monkeypatch.setenv("AUTHSTREAM_METADATA__HYDRATE_TIMEOUT_MS", "5000")
        yield


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A flow of one action."""
    action = tmp_path / "actions" / "counter"
    action.mkdir(parents=True)
    (action / "action.yaml").write_text("trigger: post-login\n")
    (action / "action.py").write_text(COUNTER)
    (tmp_path / "flows").mkdir()
    flow = {"trigger": "post-login", "actions": [{"action": "counter"}]}
    (tmp_path / "flows" / "post-login.yaml").write_text(yaml.safe_dump(flow))
    return tmp_path


def made(choose: random.Random, number: int) -> LoginEvent:
    """A login of a user, by one of three clients, from an address of its own."""
    who = f"user-{number % USERS}"
    client, connection = choose.sample(["a", "b", "c"], 2)
    data = event(
        user={"user_id": who, "email": f"{who}@example.com"},
        client={"client_id": client},
        connection={"name": connection},
        request={"ip": f"192.0.2.{number}"},
    )
    return LoginEvent("post-login", orjson.dumps(data), f"login-{number}", "test")


async def test_metadata_is_the_fold_of_the_log(
    kafka: KafkaServer, topic_prefix: str, folder: Path, database: None
) -> None:
    """Whatever the logins did at once: nothing lost, nothing out of its order."""
    del database
    settings = Settings(brokers=kafka.bootstrap, prefix=topic_prefix)
    topics, choose = Topics(topic_prefix), random.Random(11)
    counter = topics.action("default", "counter")
    needed = wanted(topics, settings, triggers=triggers(), actions=[counter], kinds=deliveries())
    KafkaTopics(settings).apply(needed)
    kafka_log.await_readable(settings, needed)
    logins = [made(choose, number) for number in range(LOGINS)]
    turns = [asyncio.Semaphore(AT_ONCE) for _ in range(USERS)]
    stages = ("entry", "action.*", "assemble", "fanout", "metadata")
    async with running(folder, settings, *stages), AsyncPublisher(settings) as publisher:

        async def decide(number: int) -> Verdict:
            async with turns[number % USERS]:
                return await publisher.decide(logins[number], DECIDED_WITHIN)

        verdicts = await asyncio.gather(*(decide(number) for number in range(LOGINS)))
        done = topics.user_metadata_done
        await asyncio.to_thread(kafka_log.read, settings.brokers, done, LOGINS)
    assert {verdict.outcome for verdict in verdicts} == {"allowed"}
    log = await asyncio.to_thread(kafka_log.read, settings.brokers, topics.user_metadata, LOGINS)
    folded: dict[str, Profile] = {}
    for message in log:
        patch = decode(MetadataPatch, message.value)
        user = patch.subject or ""
        folded[user] = overlaid(folded.get(user), [patch])
    store = PostgresStore()
    await store.start()
    found = {user: await store.read("default", user) for user in folded}
    await store.stop()
    assert found == folded
    assert len(folded) == USERS
