"""What chaos tests share: topics, workers that are never left behind, logins that are watched."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from authstream.apps.stages import deliveries, triggers
from authstream.broker.kafka_topics import KafkaTopics, wanted
from authstream.contracts.topics import Topics
from authstream.settings import Settings
from tests.chaos.logins import Logins
from tests.chaos.workers import Workers
from tests.kafka_server import CHAOS_HEAP, KafkaServer

#: FULL=1 kills, stops and restarts more often.
FULL = bool(os.environ.get("FULL"))
#: The long form only: builds the older release, then takes half a minute and more.
collect_ignore = [] if FULL else ["test_upgrade.py"]


@pytest.fixture(scope="session")
def kafka() -> Iterator[KafkaServer]:
    """A running broker, shared by the run, that gets as fast as one in production."""
    with KafkaServer(CHAOS_HEAP) as server:
        yield server


@pytest.fixture
def topics(kafka: KafkaServer, topic_prefix: str) -> Topics:
    """All topics that the folder's flow needs, made."""
    settings = Settings(brokers=kafka.bootstrap, prefix=topic_prefix)
    topics = Topics(topic_prefix)
    actions = [topics.action("default", name) for name in ("enrich", "claims")]
    needed = wanted(topics, settings, triggers=triggers(), actions=actions, kinds=deliveries())
    KafkaTopics(settings).apply(needed)
    return topics


@pytest.fixture
def workers(kafka: KafkaServer, topics: Topics, tmp_path: Path) -> Iterator[Workers]:
    """Starts workers; all of their processes are gone afterwards."""
    with Workers(kafka.bootstrap, topics.prefix, tmp_path) as workers:
        yield workers


@pytest.fixture
def logins(kafka: KafkaServer, topics: Topics) -> Iterator[Logins]:
    """Publishes and watches."""
    logins = Logins(kafka.bootstrap, topics.prefix)
    yield logins
    logins.close()


@pytest.fixture
def rounds() -> int:
    """How often a loop goes round."""
    return 10 if FULL else 2
