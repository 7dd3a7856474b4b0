"""`authstream version`: what is installed."""

from __future__ import annotations

import platform

import confluent_kafka
import faust
import typer

from authstream import __version__


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def version() -> None:
        """Print the versions of Authstream and of what it runs on."""
        library = confluent_kafka.libversion()[0]
        typer.echo(
            f"authstream {__version__}, Python {platform.python_version()}, "
            f"faust-streaming {faust.__version__}, librdkafka {library}"
        )
