"""The Faust runner on real Kafka, by the suite of all runners."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from authstream.settings import Settings
from tests.contract.kafka_ground import KafkaGround
from tests.contract.resume_suite import ResumeSuite
from tests.contract.runner_suite import Ground, RunnerSuite
from tests.kafka_server import KafkaServer

pytestmark = pytest.mark.kafka


class TestFaustRunner(RunnerSuite, ResumeSuite):
    """The suite through Faust agents, which is the default."""

    @pytest.fixture
    def ground(self, kafka: KafkaServer, topic_prefix: str) -> Iterator[Ground]:
        """A prefix of its own on the run's broker."""
        ground = KafkaGround(Settings(brokers=kafka.bootstrap, prefix=topic_prefix))
        yield ground
        ground.close()


class TestDirectRunner(RunnerSuite):
    """The suite with stages called directly, which is the opt-in."""

    @pytest.fixture
    def ground(self, kafka: KafkaServer, topic_prefix: str) -> Iterator[Ground]:
        """A prefix of its own on the run's broker."""
        settings = Settings(brokers=kafka.bootstrap, prefix=topic_prefix, delivery="direct")
        ground = KafkaGround(settings)
        yield ground
        ground.close()
