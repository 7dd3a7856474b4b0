"""`authstream gateway`: serves the connections of a folder over HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from authstream.cli.settings import settings
from authstream.settings import GatewaySettings, Settings


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def gateway(
        *,
        folder: Annotated[Path, typer.Option(help="Folder with connections/.")],
        host: Annotated[str | None, typer.Option(help="Address to listen at.")] = None,
        port: Annotated[int | None, typer.Option(help="Port to listen at.")] = None,
    ) -> int:
        """Answer providers' calls with the verdicts of flows. SIGTERM finishes what is asked."""
        from authstream.apps import gateway as process  # noqa: PLC0415 - loads FastAPI

        return process.main(folder, _with(settings(), host=host, port=port))


def _with(known: Settings, **said: object) -> Settings:
    """The settings, where the command line wins over the environment."""
    told = {name: value for name, value in said.items() if value is not None}
    served = GatewaySettings.model_validate({**known.gateway.model_dump(), **told})
    return known.model_copy(update={"gateway": served})
