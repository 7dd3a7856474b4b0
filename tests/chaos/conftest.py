"""What chaos tests share: topics, workers that are never left behind, logins that are watched."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from authstream.contracts.topics import Topics
from authstream.settings import Settings
from tests.chaos.logins import Logins
from tests.chaos.pipeline import make_topics
from tests.chaos.workers import Workers
from tests.kafka_server import CHAOS_HEAP, KafkaServer

#: FULL=1 kills, stops and restarts more often.
FULL = bool(os.environ.get("FULL"))
#: The long form only: one builds the older release, the other has three brokers.
collect_ignore = [] if FULL else ["test_upgrade.py", "test_zone_lost.py"]


@pytest.fixture(scope="session")
def kafka() -> Iterator[KafkaServer]:
    """A running broker, shared by the run, that gets as fast as one in production."""
    with KafkaServer(CHAOS_HEAP) as server:
        yield server


@pytest.fixture
def topics(kafka: KafkaServer, topic_prefix: str) -> Topics:
    """All topics that the folder's flow needs, made."""
    return make_topics(Settings(brokers=kafka.bootstrap, prefix=topic_prefix))


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
