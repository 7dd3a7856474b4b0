"""Creates and checks topics: what is missing, what has another number of partitions."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from authstream.broker.kafka_config import client_config
from authstream.contracts.topics import CATALOG, DELAYS, Topics, TopicSpec
from authstream.errors import BrokerUnreachableError, TopicMismatchError
from authstream.settings import Settings

_REQUEST_SECONDS = 5.0
_CREATE_SECONDS = 20.0
#: After creation a leader may be missing for a moment (measured: some 100 ms, once 2.5 s).
LEADERS_WITHIN = timedelta(seconds=15)
_POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Wanted:
    """A topic that must exist."""

    name: str
    spec: TopicSpec
    partitions: int


def wanted(
    topics: Topics,
    settings: Settings,
    *,
    triggers: Iterable[str],
    actions: Iterable[str],
    kinds: Iterable[str],
) -> list[Wanted]:
    """Every topic that these triggers, action topics and effect kinds need."""
    names = {"<trigger>": list(triggers), "<kind>": list(kinds), "<delay>": list(DELAYS)}
    action_topics = list(actions)
    found: list[Wanted] = []
    for spec in CATALOG:
        made = (
            action_topics
            if "<action>" in spec.pattern
            else [f"{topics.prefix}.{name}" for name in _expanded(spec.pattern, names)]
        )
        found += [Wanted(name, spec, spec.partitions or settings.partitions) for name in made]
    return found


def _expanded(pattern: str, names: dict[str, list[str]]) -> list[str]:
    found: list[str] = [pattern]
    for placeholder, values in names.items():
        if placeholder in pattern:
            found = [name.replace(placeholder, value) for name in found for value in values]
    return found


class KafkaTopics:
    """Topic administration on one cluster."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._admin = AdminClient(client_config(settings))

    def partitions(self) -> dict[str, int]:
        """How many partitions each topic has, counting those with a leader.

        Raises BrokerUnreachableError.
        """
        try:
            found = self._admin.list_topics(timeout=_REQUEST_SECONDS).topics
        except KafkaException as error:
            raise BrokerUnreachableError(
                f"no Kafka broker answers at {self._settings.brokers}:"
                " start one, or set AUTHSTREAM_BROKERS,"
                " and AUTHSTREAM_KAFKA where it wants TLS or SASL"
            ) from error
        return {
            name: sum(partition.leader >= 0 for partition in topic.partitions.values())
            for name, topic in found.items()
        }

    def problems(self, topics: Sequence[Wanted]) -> list[str]:
        """What is wrong, one line each; empty when all is well."""
        there = self.partitions()
        found: list[str] = []
        for topic in topics:
            count = there.get(topic.name)
            if count is None:
                found.append(f"topic {topic.name} is missing")
            elif count != topic.partitions:
                found.append(
                    f"topic {topic.name} has {count} partitions, {topic.partitions} are configured"
                )
        return found

    def check(self, topics: Sequence[Wanted]) -> None:
        """Raises TopicMismatchError when a topic is missing or has another number of partitions."""
        found = self.problems(topics)
        if found:
            raise TopicMismatchError(
                f"{'; '.join(found)}: run `authstream topics apply`,"
                " or set AUTHSTREAM_PARTITIONS to what is there"
            )

    def apply(self, topics: Sequence[Wanted]) -> list[str]:
        """Create what is missing; the names created.

        Raises TopicMismatchError rather than change partitions.
        """
        there = self.partitions()
        wrong = [
            f"{topic.name} has {there[topic.name]}, not {topic.partitions}"
            for topic in topics
            if there.get(topic.name, topic.partitions) != topic.partitions
        ]
        if wrong:
            raise TopicMismatchError(
                f"partitions differ: {'; '.join(wrong)}. They decide where a user's records are,"
                " so they are never changed: use another prefix"
            )
        missing = [topic for topic in topics if topic.name not in there]
        if missing:
            self._create(missing)
            self._await_leaders(missing)
        return [topic.name for topic in missing]

    def _create(self, topics: Sequence[Wanted]) -> None:
        config = {"min.insync.replicas": str(self._settings.min_insync_replicas)}
        admin: Any = self._admin  # annotated in part
        made: dict[str, Any] = admin.create_topics(
            [
                NewTopic(
                    topic.name,
                    topic.partitions,
                    self._settings.replication_factor,
                    config={**config, **topic.spec.config()},
                )
                for topic in topics
            ],
            operation_timeout=_CREATE_SECONDS,
        )
        for name, future in made.items():
            try:
                future.result(_CREATE_SECONDS)
            except KafkaException as error:
                if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                    raise TopicMismatchError(
                        f"topic {name} could not be created: {error.args[0].str()}"
                    ) from error

    def _await_leaders(self, topics: Sequence[Wanted]) -> None:
        deadline = time.monotonic() + LEADERS_WITHIN.total_seconds()
        while problems := self.problems(topics):
            if time.monotonic() > deadline:
                raise TopicMismatchError(f"created, but not usable yet: {'; '.join(problems)}")
            time.sleep(_POLL_SECONDS)
