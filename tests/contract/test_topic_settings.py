"""Topics set otherwise than our promises need are found, on a real broker."""

from __future__ import annotations

from typing import Any

import pytest
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from authstream.broker.kafka_topics import KafkaTopics, Wanted
from authstream.broker.topic_settings import unsafe_settings
from authstream.contracts.topics import CATALOG
from authstream.settings import Settings
from tests.kafka_server import KafkaServer

pytestmark = pytest.mark.kafka

_DECIDED = next(spec for spec in CATALOG if spec.pattern == "<trigger>.decided.v1")


def _wanted(name: str) -> Wanted:
    return Wanted(name, _DECIDED, 1)


def test_topics_that_we_make_are_safe(kafka: KafkaServer) -> None:
    """What `topics apply` creates, `topics check` accepts."""
    settings = Settings(brokers=kafka.bootstrap)
    KafkaTopics(settings).apply([_wanted("safe.decided.v1")])
    assert unsafe_settings(settings, [_wanted("safe.decided.v1")]) == []


def test_a_topic_made_by_hand_is_named_with_what_is_lost(kafka: KafkaServer) -> None:
    """The producer's clock, and compaction, each break a promise."""
    admin: Any = AdminClient({"bootstrap.servers": kafka.bootstrap})
    made = admin.create_topics(
        [NewTopic("handmade.decided.v1", 1, 1, config={"cleanup.policy": "compact"})]
    )
    made["handmade.decided.v1"].result(10)
    clock, kept = unsafe_settings(
        Settings(brokers=kafka.bootstrap), [_wanted("handmade.decided.v1")]
    )
    assert "message.timestamp.type=CreateTime, not LogAppendTime" in clock
    assert "broker time" in clock
    assert "cleanup.policy=compact, not delete" in kept
