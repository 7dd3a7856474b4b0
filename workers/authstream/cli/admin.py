"""`authstream admin`: serves the admin HTTP API."""

from __future__ import annotations

from typing import Annotated

import typer

from authstream.cli.settings import settings
from authstream.settings import AdminSettings


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def admin(
        *,
        host: Annotated[str | None, typer.Option(help="Address to listen at.")] = None,
        port: Annotated[int | None, typer.Option(help="Port to listen at.")] = None,
    ) -> int:
        """Serve the admin HTTP API: the control plane for programs, with tokens and roles."""
        from authstream.apps import admin as process  # noqa: PLC0415 - loads FastAPI

        current = settings()
        told = {"host": host, "port": port}
        given = {name: value for name, value in told.items() if value is not None}
        served = AdminSettings.model_validate({**current.admin.model_dump(), **given})
        return process.main(current.model_copy(update={"admin": served}))
