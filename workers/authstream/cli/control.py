"""`authstream control backup|restore`: the control plane's logs to a file, and back."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from authstream.broker.kafka_log import KafkaLog
from authstream.cli.settings import settings
from authstream.contracts.topics import Topics
from authstream.control.backup import backup as back_up
from authstream.control.backup import restore as put_back
from authstream.engine.log import Log
from authstream.errors import ConfigurationError


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="The control plane's logs.")
    app.add_typer(group, name="control")

    @group.command()
    def backup(
        file: Annotated[Path, typer.Argument(help="Where to; it appears when it is whole.")],
    ) -> None:
        """Copy every revision of every object, and all code. Secrets stay sealed."""
        with _logs() as logs:
            typer.echo(f"{_counted(back_up(logs, file))} in {file}")

    @group.command()
    def restore(
        file: Annotated[Path, typer.Argument(help="What `backup` wrote.")],
    ) -> None:
        """Write a backup into new, empty topics. No worker may run meanwhile."""
        if not file.is_file():
            raise ConfigurationError(f"there is no file {file}")
        with _logs() as logs:
            typer.echo(f"{_counted(put_back(file, logs))} restored")


@contextmanager
def _logs() -> Generator[dict[str, Log]]:
    current = settings()
    topics = Topics(current.prefix)
    control, blobs = (KafkaLog(current, name) for name in (topics.control, topics.blobs))
    try:
        # The blobs first: a record that names code comes after it.
        yield {"blobs": blobs, "control": control}
    finally:
        control.close()
        blobs.close()


def _counted(counts: Mapping[str, int]) -> str:
    return " and ".join(f"{count} records of {name}" for name, count in counts.items())
