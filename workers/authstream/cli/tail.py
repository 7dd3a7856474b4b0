"""`authstream tail TOPIC`: prints the records of a topic as they come, decoded."""

from __future__ import annotations

import json
import time
from typing import Annotated

import typer
from confluent_kafka import OFFSET_BEGINNING, OFFSET_END, Consumer, TopicPartition

from authstream.broker.kafka_config import follower_config
from authstream.broker.kafka_reader import converted
from authstream.broker.kafka_topics import KafkaTopics
from authstream.broker.schema_registry import framing_of
from authstream.cli.settings import settings
from authstream.contracts.framing import Framing
from authstream.engine.readable import readable
from authstream.errors import ConfigurationError

_POLL_SECONDS = 0.2


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def tail(
        topic: Annotated[str, typer.Argument(help="A topic's name; the prefix may be left out.")],
        *,
        beginning: Annotated[
            bool, typer.Option("--beginning", help="From the oldest record kept.")
        ] = False,
        count: Annotated[int | None, typer.Option(help="Stop after so many records.")] = None,
        seconds: Annotated[float | None, typer.Option(help="Stop after so many seconds.")] = None,
    ) -> None:
        """Print records as JSON lines until Ctrl-C."""
        current = settings()
        there = KafkaTopics(current).partitions()
        name = topic if topic in there else f"{current.prefix}.{topic}"
        if name not in there:
            ours = ", ".join(
                sorted(known for known in there if known.startswith(f"{current.prefix}."))
            )
            raise ConfigurationError(
                f"no topic {topic}; there are {ours or 'none: run `authstream topics apply`'}"
            )
        consumer = Consumer(follower_config(current))
        start = OFFSET_BEGINNING if beginning else OFFSET_END
        consumer.assign([TopicPartition(name, number, start) for number in range(there[name])])
        try:
            _print(consumer, framing_of(current), count=count, seconds=seconds)
        finally:
            consumer.close()


def _print(
    consumer: Consumer, framing: Framing | None, *, count: int | None, seconds: float | None
) -> None:
    deadline = None if seconds is None else time.monotonic() + seconds
    printed = 0
    while (count is None or printed < count) and (deadline is None or time.monotonic() < deadline):
        message = consumer.poll(_POLL_SECONDS)
        if message is not None and message.error() is None:
            typer.echo(json.dumps(readable(converted(message, framing))))
            printed += 1
