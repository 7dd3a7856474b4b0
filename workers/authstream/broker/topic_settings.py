"""Checks the topic settings that promises rest on: whose clock stamps, and whether all is kept."""

from __future__ import annotations

from collections.abc import Sequence
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
    admin: Any = AdminClient(client_config(settings))  # annotated in part
    asked = {Resource(Resource.Type.TOPIC, topic.name): topic for topic in topics}
    answers: dict[Resource, Any] = admin.describe_configs(
        list(asked), request_timeout=_REQUEST_SECONDS
    )
    found: list[str] = []
    for resource, answer in answers.items():
        topic = asked[resource]
        try:
            there: dict[str, Any] = answer.result(_REQUEST_SECONDS)
        except KafkaException as error:
            raise BrokerUnreachableError(
                f"the settings of topic {topic.name} cannot be read: {error.args[0].str()}"
            ) from error
        found += _problems(topic, {name: entry.value for name, entry in there.items()})
    return found


def _problems(topic: Wanted, there: dict[str, str]) -> list[str]:
    said = topic.spec.config()
    return [
        f"topic {topic.name} has {name}={there.get(name)}, not {said[name]}: {promise}"
        for name, promise in _PROMISES.items()
        if there.get(name) != said[name]
    ]
