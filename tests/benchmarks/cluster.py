"""Topics of the benchmark's broker: made, counted, removed."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from confluent_kafka import KafkaException, TopicPartition, admin

from tests.benchmarks.processes import QUIET

_REQUEST_SECONDS = 10.0
_RETRY_SECONDS = 0.05
_POLL_SECONDS = 0.02
#: A new topic has no leader for a moment.
_TRIES = 100
_OFFSETS: Any = vars(admin)["OffsetSpec"]
_new_topic: Any = vars(admin)["NewTopic"]


class Cluster:
    """The broker's administration."""

    def __init__(self, brokers: str) -> None:
        self.brokers = brokers
        #: Annotated in part by the library, so not at all here.
        self._admin: Any = admin.AdminClient({"bootstrap.servers": brokers, "log_level": QUIET})
        self._made = 0

    def topic(self, name: str, *, partitions: int = 1) -> str:
        """A new topic whose name begins so."""
        self._made += 1
        made = f"{name}-{self._made}"
        for future in self._admin.create_topics([_new_topic(made, partitions, 1)]).values():
            future.result(_REQUEST_SECONDS)
        self._await_leaders(made, partitions)
        return made

    def remove(self, *topics: str) -> None:
        """Delete topics, so that the disk does not fill up."""
        for future in self._admin.delete_topics(list(topics)).values():
            future.result(_REQUEST_SECONDS)

    def ends(self, topic: str, partitions: int) -> list[int]:
        """One past the last offset of each partition."""
        latest = _OFFSETS.latest()
        wanted = {TopicPartition(topic, number): latest for number in range(partitions)}
        for attempt in range(_TRIES):
            try:
                found = self._admin.list_offsets(wanted).values()
                return [future.result(_REQUEST_SECONDS).offset for future in found]
            except KafkaException:
                if attempt == _TRIES - 1:
                    raise
                time.sleep(_RETRY_SECONDS)
        raise AssertionError

    def _await_leaders(self, topic: str, partitions: int) -> None:
        for _ in range(_TRIES):
            found = self._admin.list_topics(topic, timeout=_REQUEST_SECONDS).topics[topic]
            if sum(one.leader >= 0 for one in found.partitions.values()) == partitions:
                return
            time.sleep(_RETRY_SECONDS)
        raise TimeoutError(f"topic {topic} has no leaders")

    def count(self, topic: str, partitions: int = 1) -> int:
        """Records ever written to a topic."""
        return sum(self.ends(topic, partitions))

    def await_count(
        self,
        topic: str,
        wanted: int,
        *,
        within: timedelta,
        partitions: int = 1,
        check: Callable[[], None] = lambda: None,
    ) -> tuple[int, float]:
        """Records in a topic once there are so many, and when (monotonic seconds).

        Raises TimeoutError with what came instead.
        """
        deadline = time.monotonic() + within.total_seconds()
        while True:
            found, now = self.count(topic, partitions), time.monotonic()
            if found >= wanted:
                return found, now
            check()
            if now > deadline:
                raise TimeoutError(f"{found} of {wanted} records in {topic} within {within}")
            time.sleep(_POLL_SECONDS)
