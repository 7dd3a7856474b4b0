"""`authstream ingest`: reads what providers wrote down themselves from topics of their own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from authstream.cli.settings import settings


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def ingest(
        connections: Annotated[
            list[str] | None,
            typer.Argument(help="Connections with a topic; all of the folder's unless said."),
        ] = None,
        *,
        folder: Annotated[Path, typer.Option(help="Folder with connections/.")],
    ) -> int:
        """Turn providers' own events on Kafka into events of triggers, until SIGTERM."""
        from authstream.apps import ingest as process  # noqa: PLC0415 - loads Faust

        return process.main(folder, settings(), names=connections or ())
