"""The log in a Kafka topic, by the suite of all logs: on a real broker and on the embedded one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from authstream.broker.embedded import EmbeddedBroker, touch
from authstream.broker.kafka_log import KafkaLog
from authstream.engine.log import Log
from authstream.settings import Settings
from tests import kafka_log
from tests.contract.log_suite import LogSuite
from tests.kafka_server import KafkaServer


@pytest.mark.kafka
class TestKafkaLog(LogSuite):
    """The suite on Apache Kafka."""

    @pytest.fixture(autouse=True)
    def _fresh(self, kafka: KafkaServer, topic_prefix: str) -> None:
        self.settings = Settings(brokers=kafka.bootstrap)
        self.topic = f"{topic_prefix}.log"
        kafka_log.create(kafka.bootstrap, [self.topic])

    def make(self) -> Log:
        """One more client."""
        return KafkaLog(self.settings, self.topic)


class TestEmbeddedLog(LogSuite):
    """The suite on librdkafka's mock."""

    @pytest.fixture(autouse=True)
    def _fresh(self) -> Iterator[None]:
        with EmbeddedBroker() as broker:
            self.settings = Settings(brokers=broker.bootstrap, embedded=True)
            touch(self.settings, ["log"])
            yield

    def make(self) -> Log:
        """One more client."""
        return KafkaLog(self.settings, "log")
