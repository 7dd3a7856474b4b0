"""The Faust runner on the embedded broker, by the suite of all runners."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from authstream.broker.embedded import EmbeddedBroker
from authstream.settings import Settings
from tests.contract.kafka_ground import KafkaGround
from tests.contract.runner_suite import Ground, RunnerSuite


class TestEmbeddedRunner(RunnerSuite):
    """The suite on librdkafka's own broker: no Java needed, a broker for each test."""

    @pytest.fixture
    def ground(self, topic_prefix: str) -> Iterator[Ground]:
        """A fresh broker."""
        with EmbeddedBroker() as broker:
            ground = KafkaGround(
                Settings(brokers=broker.bootstrap, prefix=topic_prefix, embedded=True)
            )
            yield ground
            ground.close()
