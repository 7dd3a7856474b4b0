"""`authstream topics apply|check|acls`: the topics that a folder needs, and who may use them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from authstream.apps.stages import deliveries, triggers
from authstream.broker import schema_registry
from authstream.broker.kafka_topics import KafkaTopics, Wanted, wanted
from authstream.broker.topic_settings import unsafe_settings
from authstream.cli import acls
from authstream.cli.folders import action_topics
from authstream.cli.settings import settings
from authstream.contracts.topics import Topics
from authstream.errors import TopicMismatchError
from authstream.settings import Settings

Folder = Annotated[
    Path | None, typer.Option(help="Folder of actions and flows; without one, no action topics.")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="Create and check topics.")
    app.add_typer(group, name="topics")
    acls.register(group)

    @group.command()
    def apply(*, folder: Folder = None) -> None:
        """Create the topics that are missing. Never changes the partitions of one that is there."""
        current = settings()
        if current.embedded:
            typer.echo(
                "warning: the embedded broker makes its topics itself; nothing to apply", err=True
            )
            return
        created = KafkaTopics(current).apply(_needed(current, folder))
        for name in created:
            typer.echo(f"created {name}")
        typer.echo(f"{len(created)} topics created" if created else "all topics are there")
        if current.schema_registry.url:
            subjects = schema_registry.register(current, triggers())
            typer.echo(f"{subjects} subjects have their schemas")

    @group.command()
    def check(*, folder: Folder = None) -> None:
        """Fail when a topic is missing, has other partitions, or settings that break a promise."""
        current = settings()
        needed = _needed(current, folder)
        KafkaTopics(current).check(needed)
        if not current.embedded and (unsafe := unsafe_settings(current, needed)):
            raise TopicMismatchError(f"{'; '.join(unsafe)}: set it with kafka-configs")
        schema_registry.framing_of(current)
        typer.echo(f"{len(needed)} topics are as they should be")


def _needed(current: Settings, folder: Path | None) -> list[Wanted]:
    return wanted(
        Topics(current.prefix),
        current,
        triggers=triggers(),
        actions=action_topics(folder, current),
        kinds=deliveries(),
    )
