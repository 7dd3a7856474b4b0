"""The embedded broker: librdkafka's own mock cluster, in this process, on loopback, in memory.

For demo, development and tests on one machine. It keeps about 5 MB a partition, creates any topic
with 4 partitions on first use, knows no static membership, no compaction and no transactions, and
its data ends with the process.
"""

from __future__ import annotations

from collections.abc import Iterable
from types import TracebackType
from typing import Self

from confluent_kafka import KafkaException, Producer

from authstream.broker.kafka_config import LOGGER, client_config
from authstream.errors import BrokerUnreachableError
from authstream.settings import Settings

PARTITIONS = 4
_READY_SECONDS = 10.0


class EmbeddedBroker:
    """Serves the Kafka protocol while it is open. Use as a context manager."""

    def __init__(self) -> None:
        self._producer = Producer({"test.mock.num.brokers": 1, "logger": LOGGER, "log_level": 3})
        brokers = self._producer.list_topics(timeout=_READY_SECONDS).brokers
        if not brokers:
            raise BrokerUnreachableError(
                "the embedded broker did not come up: use a real one, see README.md"
            )
        self.bootstrap = ",".join(f"{broker.host}:{broker.port}" for broker in brokers.values())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop serving."""
        self._producer.flush(0)
        del self._producer


def touch(settings: Settings, names: Iterable[str]) -> None:
    """Make topics appear: the mock creates what is asked for. Raises BrokerUnreachableError."""
    client = Producer(client_config(settings))
    try:
        for name in names:
            client.list_topics(name, timeout=_READY_SECONDS)
    except KafkaException as error:
        raise BrokerUnreachableError(
            f"no broker answers at {settings.brokers}: is `authstream up` still running?"
        ) from error
