"""The profile store on a real PostgreSQL: nothing is lost or reordered under concurrent logins."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from authstream.broker.faust import FaustRunner
from authstream.broker.kafka_topics import KafkaTopics, wanted
from authstream.broker.memory import MemoryBroker
from authstream.broker.record_writer import RecordWriter
from authstream.contracts import headers as h
from authstream.contracts.avro import decode, encode
from authstream.contracts.effect import MetadataPatch
from authstream.contracts.topics import Topics
from authstream.engine.ports import Output, SystemClock
from authstream.engine.sink import Profile, overlaid
from authstream.errors import DeliveryError
from authstream.settings import Settings
from authstream.sinks.postgres import PostgresStore
from authstream.stages.metadata import Metadata
from tests import kafka_log
from tests.kafka_server import KafkaServer
from tests.postgres_server import PostgresServer

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(180)]
TENANT = "acme"
USERS = 20
PATCHES = 1_000


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """One server for this module."""
    with PostgresServer() as server:
        yield server


@pytest.fixture
async def store(
    server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[PostgresStore]:
    """A started store."""
    monkeypatch.setenv("AUTHSTREAM_METADATA__URL", server.url)
    store = PostgresStore()
    await store.start()
    yield store
    await store.stop()


def patch(
    user: str, app: dict[str, Any], more: dict[str, Any] | None = None, number: int = 0
) -> MetadataPatch:
    """A patch of one user."""
    return MetadataPatch(
        id=f"{user}-{number}",
        flow_id="f",
        leg=0,
        tenant=TENANT,
        subject=user,
        app_metadata=app,
        user_metadata=more or {},
        decided_at=0,
    )


async def test_top_level_keys_are_merged_in_one_statement(store: PostgresStore) -> None:
    """A value replaces its whole key, `null` removes one; twice is as once."""
    first = patch("merge", {"tier": "gold", "deep": {"a": 1}}, {"theme": "dark"})
    second = patch("merge", {"deep": {"b": None}, "tier": None, "never": None})
    for one in (first, first, second, second):
        await store.apply(one, hops=1)
    assert await store.read(TENANT, "merge") == Profile({"deep": {"b": None}}, {"theme": "dark"})
    assert await store.read("other", "merge") is None


async def test_writers_at_once_lose_nothing(store: PostgresStore) -> None:
    """Two workers during a rebalance, say: each key is there."""
    other = PostgresStore()
    await other.start()
    try:
        await asyncio.gather(
            *(
                (store if number % 2 else other).apply(patch("both", {f"k{number}": 1}), hops=1)
                for number in range(60)
            )
        )
    finally:
        await other.stop()
    profile = await store.read(TENANT, "both")
    assert profile is not None
    assert len(profile.app_metadata) == 60


@pytest.mark.parametrize("value", ["x" * 70_000, "nul \x00"])
async def test_what_the_database_refuses_is_given_up(store: PostgresStore, value: str) -> None:
    """An object over the limit, a character it cannot store: no try can help."""
    with pytest.raises(DeliveryError) as refused:
        await store.apply(patch("refused", {"a": value}), hops=1)
    assert refused.value.permanent


async def test_a_database_that_is_away_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stage starts without it, and patches wait."""
    monkeypatch.setenv("AUTHSTREAM_METADATA__URL", "postgresql://127.0.0.1:1/none")
    monkeypatch.setattr("authstream.sinks.postgres._WAIT_SECONDS", 1.0)
    store = PostgresStore()
    await store.start()
    with pytest.raises(DeliveryError) as failed:
        await store.apply(patch("away", {"a": 1}), hops=1)
    await store.stop()
    assert not failed.value.permanent


def random_patch(choose: random.Random, number: int) -> MetadataPatch:
    """Sets and removes a few of a few keys."""
    user = f"user-{choose.randrange(USERS)}"
    keys = choose.sample(["a", "b", "c", "d"], choose.randint(1, 3))
    members = {key: choose.choice([None, number, {"n": number}]) for key in keys}
    return patch(user, members, {"last": number}, number)


@pytest.mark.kafka
async def test_final_metadata_is_the_fold_of_the_log(
    kafka: KafkaServer, topic_prefix: str, store: PostgresStore
) -> None:
    """Two members apply a thousand patches, one leaves in the middle: as if applied one by one."""
    settings = Settings(brokers=kafka.bootstrap, prefix=topic_prefix)
    topics = Topics(topic_prefix)
    KafkaTopics(settings).apply(wanted(topics, settings, triggers=[], actions=[], kinds=[]))
    choose = random.Random(7)
    outputs = [output(topics, random_patch(choose, number)) for number in range(PATCHES)]
    failures: list[BaseException] = []
    runners = [FaustRunner([stage(topics)], settings, failed=failures.append) for _ in range(2)]
    for runner in runners:
        await runner.start()
    await asyncio.to_thread(publish, settings.brokers, outputs)
    await runners[0].stop()
    done = topics.user_metadata_done
    await asyncio.to_thread(kafka_log.read, settings.brokers, done, PATCHES)
    await runners[1].stop()
    log = await asyncio.to_thread(kafka_log.read, settings.brokers, topics.user_metadata, PATCHES)
    assert failures == []
    folded: dict[str, Profile] = {}
    for message in log:
        one = decode(MetadataPatch, message.value)
        user = one.subject or ""
        folded[user] = overlaid(folded.get(user), [one])
    assert {user: await store.read(TENANT, user) for user in folded} == folded
    assert len(folded) == USERS


def stage(topics: Topics) -> Metadata:
    """The stage with a store of its own, as in another process."""
    return Metadata(
        PostgresStore(), topics=topics, reader=MemoryBroker(SystemClock()), clock=SystemClock()
    )


def output(topics: Topics, one: MetadataPatch) -> Output:
    """As fanout writes it."""
    headers = h.make({h.CE_ID: one.id})
    return Output(topics.user_metadata, f"{TENANT}/{one.subject}".encode(), encode(one), headers)


def publish(brokers: str, outputs: list[Output]) -> None:
    """All at once, in order."""
    writer = RecordWriter(Settings(brokers=brokers))
    writer.write(outputs)
    writer.close()
