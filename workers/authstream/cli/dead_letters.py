"""`authstream dead-letters list|show`: records that were set aside, with reason and origin."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Annotated

import typer

from authstream.broker.kafka_reader import KafkaReader
from authstream.broker.kafka_topics import KafkaTopics
from authstream.cli.settings import settings
from authstream.cli.tail import readable
from authstream.contracts import headers as h
from authstream.contracts.topics import Topics
from authstream.engine.ports import Message
from authstream.errors import ConfigurationError
from authstream.settings import Settings


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="Look at records that were set aside.")
    app.add_typer(group, name="dead-letters")

    @group.command("list")
    def list_(
        *, count: Annotated[int, typer.Option(help="At most so many, newest first.")] = 50
    ) -> None:
        """List dead letters: place, reason, stage, origin, detail."""
        letters = sorted(_all(settings()), key=lambda message: message.timestamp, reverse=True)
        for message in letters[:count]:
            said = [
                h.text(message.headers, name) or "-"
                for name in (
                    h.DEAD_REASON,
                    h.DEAD_STAGE,
                    h.DEAD_TOPIC,
                    h.DEAD_PARTITION,
                    h.DEAD_OFFSET,
                    h.DEAD_DETAIL,
                )
            ]
            reason, stage, topic, partition, offset, detail = said
            typer.echo(
                f"{message.partition}/{message.offset}\t{reason}\t{stage}\t{topic}/{partition}@{offset}\t{detail}"
            )
        typer.echo(f"{len(letters)} dead letters", err=True)

    @group.command()
    def show(
        place: Annotated[str, typer.Argument(help="PARTITION/OFFSET as `list` prints it.")],
    ) -> None:
        """Print one dead letter as JSON."""
        partition, _, offset = place.partition("/")
        if not (partition.isdigit() and offset.isdigit()):
            raise ConfigurationError(
                f"{place!r} is no place: give PARTITION/OFFSET as "
                "`authstream dead-letters list` prints it"
            )
        current = settings()
        reader = KafkaReader(current)
        try:
            message = reader.at(Topics(current.prefix).dead_letter, int(partition), int(offset))
        finally:
            reader.close()
        if message is None:
            raise ConfigurationError(
                f"no dead letter at {place}: it may have expired; "
                "see `authstream dead-letters list`"
            )
        typer.echo(json.dumps(readable(message), indent=2))


def _all(current: Settings) -> Iterator[Message]:
    topic = Topics(current.prefix).dead_letter
    reader = KafkaReader(current)
    try:
        for number in range(KafkaTopics(current).partitions().get(topic, 0)):
            low, high = reader.span(topic, number)
            for batch in reader.between(topic, number, low, end=high):
                yield from batch
    finally:
        reader.close()
