"""One of three brokers is lost, alone and with the worker beside it: what that costs a login."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from authstream.contracts.topics import Topics
from authstream.settings import Settings
from tests.chaos.logins import SLOW_RATE, Logins
from tests.chaos.pipeline import make_topics, warm_up
from tests.chaos.workers import Workers
from tests.kafka_cluster import BROKERS, KafkaCluster

pytestmark = [pytest.mark.kafka, pytest.mark.chaos, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def kafka() -> Iterator[KafkaCluster]:
    """In place of the single broker."""
    with KafkaCluster() as cluster:
        yield cluster


@pytest.fixture
def topics(kafka: KafkaCluster, topic_prefix: str) -> Topics:
    """Replicated as docs/operate/secure-kafka.md says."""
    return make_topics(
        Settings(
            brokers=kafka.bootstrap,
            prefix=topic_prefix,
            replication_factor=BROKERS,
            min_insync_replicas=BROKERS - 1,
        )
    )


@pytest.mark.parametrize("zone", [False, True], ids=["broker", "zone"])
def test_what_is_left_goes_on(
    kafka: KafkaCluster, workers: Workers, logins: Logins, *, zone: bool
) -> None:
    """Without a hand: two brokers of three have every acknowledged record, and elect leaders."""
    left, right = workers.start("left"), workers.start("right")
    warm_up(logins, left, right)
    logins.drive(rate=SLOW_RATE)
    logins.await_all()
    lost = kafka.nodes[0]
    lost.kill()
    if zone:
        left.lose()
    logins.await_all()
    logins.settle()
    logins.report()
    logins.assert_sound(late=True)
    lost.start()
