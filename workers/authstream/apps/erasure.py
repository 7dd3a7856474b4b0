"""Forgets a user where that can be done, and says where the log still names him, and until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from authstream.apps.downstream import chosen_sink
from authstream.apps.stages import deliveries, triggers
from authstream.broker.kafka_topics import KafkaTopics, Wanted, wanted
from authstream.broker.topic_settings import retentions
from authstream.contracts.topics import Topics, TopicSpec
from authstream.engine.sink import ProfileStore
from authstream.settings import Settings

#: Topics that name no user: code, flows and secrets.
_WITHOUT_USERS = frozenset({"control.v1", "blobs.v1"})


@dataclass(frozen=True, slots=True)
class Remains:
    """A topic that may hold records of a user until it drops them by itself."""

    topic: str
    #: None: they are never dropped.
    gone_by: datetime | None


async def forget(settings: Settings, tenant: str, user: str) -> bool | None:
    """Delete a user from the profile store; whether he was there, None where there is no store.

    Raises ConfigurationError, DeliveryError.
    """
    store = chosen_sink(settings)
    if not isinstance(store, ProfileStore):
        return None
    await store.start()
    try:
        return await store.erase(tenant, user)
    finally:
        await store.stop()


def remains(settings: Settings, *, now: datetime | None = None) -> list[Remains]:
    """Every topic with users in it, and when what is in it now is gone at the latest.

    By the cluster's own settings. Raises BrokerUnreachableError.
    """
    at = now or datetime.now(UTC)
    topics = _there(settings)
    kept = retentions(settings, topics)
    return [Remains(topic.name, _gone(topic.spec, kept[topic.name], at)) for topic in topics]


def _there(settings: Settings) -> list[Wanted]:
    """The topics of the catalogue that there are, actions' own included."""
    there = KafkaTopics(settings).partitions()
    prefix = Topics(settings.prefix)
    actions = [name for name in there if name.startswith(f"{prefix.prefix}.action.")]
    every = wanted(prefix, settings, triggers=triggers(), actions=actions, kinds=deliveries())
    return [
        topic for topic in every if topic.name in there and topic.spec.pattern not in _WITHOUT_USERS
    ]


def _gone(spec: TopicSpec, retention: timedelta | None, now: datetime) -> datetime | None:
    """A segment goes when its newest record is old enough, and a segment is filled for a while."""
    if retention is None:
        return None
    rolls = timedelta(milliseconds=int(spec.config().get("segment.ms", "0")))
    return now + retention + rolls
