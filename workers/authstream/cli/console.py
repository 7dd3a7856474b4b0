"""`authstream console`: serves the console to browsers."""

from __future__ import annotations

from typing import Annotated

import typer

from authstream.cli.settings import settings
from authstream.settings import ConsoleSettings


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def console(
        *,
        host: Annotated[str | None, typer.Option(help="Address to listen at.")] = None,
        port: Annotated[int | None, typer.Option(help="Port to listen at.")] = None,
        admin_url: Annotated[
            str | None, typer.Option(help="The admin API that it speaks to.")
        ] = None,
    ) -> int:
        """Serve the console in the browser: flows, actions, tests, executions."""
        from authstream.apps import console as process  # noqa: PLC0415 - loads NiceGUI

        current = settings()
        told = {"host": host, "port": port, "admin_url": admin_url}
        given = {name: value for name, value in told.items() if value is not None}
        served = ConsoleSettings.model_validate({**current.console.model_dump(), **given})
        return process.main(current.model_copy(update={"console": served}))
