"""kafka: writes a JSON record to another topic of the same cluster, under the effect's id."""

from __future__ import annotations

import asyncio
from fnmatch import fnmatchcase
from typing import Annotated, Any

import orjson
from confluent_kafka import KafkaError, KafkaException, Producer
from confluent_kafka import Message as KafkaMessage
from pydantic import BaseModel, ConfigDict, StringConstraints

from authstream.contracts import headers as h
from authstream.contracts.effect import Effect
from authstream.engine.delivery import Delivery, parsed
from authstream.errors import DeliveryError
from authstream.settings import Settings

#: Below the time of one try, so that a try never leaves a record behind that is written later.
_DELIVERY_MS = 8_000
_FLUSH_SECONDS = 9.0


class KafkaInputs(BaseModel):
    """Where to, and what."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    topic: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,249}$")]
    value: dict[str, Any]
    key: str | None = None


class KafkaDelivery(Delivery):
    """Delivers to topics that `AUTHSTREAM_FORWARD_TOPICS` allows, never to those of our prefix."""

    name = "kafka"
    inputs = KafkaInputs

    def __init__(self) -> None:
        self._settings = Settings()
        self._producer: Producer | None = None

    async def start(self) -> None:
        """Read what is allowed; the producer is made when it is first needed."""
        self._settings = Settings()

    async def stop(self) -> None:
        """Wait for what is under way."""
        if self._producer is not None:
            await asyncio.to_thread(self._producer.flush, _FLUSH_SECONDS)
            self._producer = None

    async def deliver(self, effect: Effect) -> None:
        """Write once, acknowledged by all replicas. Raises DeliveryError."""
        inputs = parsed(KafkaInputs, self.name, effect.payload)
        self._check(inputs.topic)
        await asyncio.to_thread(self._write, effect, inputs)

    def _check(self, topic: str) -> None:
        allowed = any(fnmatchcase(topic, said) for said in self._settings.forward_topics)
        if not allowed or topic.startswith(f"{self._settings.prefix}."):
            raise DeliveryError(
                f"the topic {topic} is not allowed: name it in AUTHSTREAM_FORWARD_TOPICS; those of "
                "our own prefix never are",
                permanent=True,
            )

    def _write(self, effect: Effect, inputs: KafkaInputs) -> None:
        if self._producer is None:
            self._producer = self._made()
        answers: list[KafkaError | None] = []

        def delivered(error: KafkaError | None, _message: KafkaMessage) -> None:
            answers.append(error)

        try:
            self._producer.produce(
                inputs.topic,
                orjson.dumps(inputs.value),
                inputs.key.encode() if inputs.key else None,
                headers=list(_headers(effect)),
                on_delivery=delivered,
            )
        except (BufferError, KafkaException) as error:
            raise DeliveryError("the record could not be queued", permanent=False) from error
        while not answers:
            self._producer.poll(_FLUSH_SECONDS)
        if answers[0] is not None:
            permanent = answers[0].code() == KafkaError.TOPIC_AUTHORIZATION_FAILED
            reason = f"{inputs.topic}: {answers[0].str()}"
            raise DeliveryError(reason, permanent=permanent)

    def _made(self) -> Producer:
        return Producer(
            {
                "bootstrap.servers": self._settings.brokers,
                "client.id": "authstream-forward",
                "acks": "all",
                "enable.idempotence": True,
                "linger.ms": 0,
                "partitioner": "murmur2_random",
                "delivery.timeout.ms": _DELIVERY_MS,
                **self._settings.kafka,
            }
        )


def _headers(effect: Effect) -> h.Headers:
    """CloudEvents attributes: readers drop an id that they have seen."""
    return h.make(
        {
            h.CE_ID: effect.id,
            h.CE_SOURCE: "authstream",
            h.CE_TYPE: "authstream.forwarded.v1",
            h.CE_SPECVERSION: "1.0",
            h.CONTENT_TYPE: h.JSON_TYPE.decode(),
            h.FLOW_ID: effect.flow_id,
        }
    )


PLUGIN = KafkaDelivery()
