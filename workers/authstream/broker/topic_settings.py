"""Reads topic settings: those that promises rest on, and how long records are kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin import ConfigResource as Resource  # type: ignore[attr-defined] # documented there

from authstream.broker.kafka_config import client_config
from authstream.broker.kafka_topics import Wanted
from authstream.errors import BrokerUnreachableError
from authstream.settings import Settings

_REQUEST_SECONDS = 10.0
#: Setting to what is lost without it.
_PROMISES = {
    "message.timestamp.type": "deadlines and the window of decided legs count in broker time",
    "cleanup.policy": "the first record of a leg is its verdict, so none may be compacted away",
}


def unsafe_settings(settings: Settings, topics: Sequence[Wanted]) -> list[str]:
    """What is set otherwise than the catalogue says, one line each, with its consequence.

    Retention is the operator's choice and is not compared. Raises BrokerUnreachableError, also
    when the cluster does not let us ask (it takes the right to describe configurations).
    """
    return [
        problem
        for topic, there in _described(settings, topics)
        for problem in _problems(topic, there)
    ]


def retentions(settings: Settings, topics: Sequence[Wanted]) -> dict[str, timedelta | None]:
    """How long each topic keeps a record by its settings; None: for ever. Raises as above."""
    return {
        topic.name: None
        if there["cleanup.policy"] != "delete" or int(there["retention.ms"]) < 0
        else timedelta(milliseconds=int(there["retention.ms"]))
        for topic, there in _described(settings, topics)
    }


def _described(
    settings: Settings, topics: Sequence[Wanted]
) -> Iterator[tuple[Wanted, dict[str, str]]]:
    """Each topic with its settings on the cluster."""
    admin: Any = AdminClient(client_config(settings))  # annotated in part
    asked = {Resource(Resource.Type.TOPIC, topic.name): topic for topic in topics}
    answers: dict[Resource, Any] = admin.describe_configs(
        list(asked), request_timeout=_REQUEST_SECONDS
    )
    for resource, answer in answers.items():
        topic = asked[resource]
        try:
            there: dict[str, Any] = answer.result(_REQUEST_SECONDS)
        except KafkaException as error:
            raise BrokerUnreachableError(
                f"the settings of topic {topic.name} cannot be read: {error.args[0].str()}"
            ) from error
        yield topic, {name: entry.value for name, entry in there.items()}


def _problems(topic: Wanted, there: dict[str, str]) -> list[str]:
    said = topic.spec.config()
    return [
        f"topic {topic.name} has {name}={there.get(name)}, not {said[name]}: {promise}"
        for name, promise in _PROMISES.items()
        if there.get(name) != said[name]
    ]
