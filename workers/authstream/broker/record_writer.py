"""Writes records outside a worker, each acknowledged before the call returns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Producer
from confluent_kafka import Message as KafkaMessage

from authstream.broker.kafka_config import producer_config
from authstream.broker.schema_registry import framing_of, written
from authstream.engine.ports import Output
from authstream.errors import ProduceError
from authstream.settings import Settings

_SECONDS = 15.0


class RecordWriter:
    """One idempotent producer."""

    def __init__(self, settings: Settings) -> None:
        self._producer = Producer(producer_config(settings))
        self._framing = framing_of(settings)

    def write(self, outputs: Sequence[Output]) -> None:
        """Write records in order. Raises ProduceError for the first that was not written."""
        failures: list[str] = []

        def delivered(error: KafkaError | None, message: KafkaMessage) -> None:
            if error is not None:
                failures.append(f"{message.topic()}: {error.str()}")

        try:
            for output in outputs:
                where: dict[str, Any] = (
                    {} if output.partition is None else {"partition": output.partition}
                )
                self._producer.produce(
                    output.topic,
                    written(output.value, self._framing),
                    output.key,
                    headers=list(output.headers),
                    on_delivery=delivered,
                    **where,
                )
        except (BufferError, KafkaException) as error:
            raise ProduceError(f"a record could not be queued ({error})") from error
        left = self._producer.flush(_SECONDS)
        if failures or left:
            reason = failures[0] if failures else "no acknowledgement in time"
            raise ProduceError(f"not written: {reason}: is the broker reachable?")

    def close(self) -> None:
        """Nothing is left to send."""
        self._producer.flush(0)
