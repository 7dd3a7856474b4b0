"""`authstream worker`: hosts stages until told to stop."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from authstream.apps.supervision import END_WITH_PARENT, REPORT_FD, die_with_parent
from authstream.cli.settings import settings


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def worker(
        stages: Annotated[
            list[str] | None,
            typer.Argument(
                help="Stages to host, by name or glob, e.g. entry 'action.*'. Default: all."
            ),
        ] = None,
        *,
        folder: Annotated[
            Path | None,
            typer.Option(
                help="Folder of actions and flows. Default: what the control log says, live."
            ),
        ] = None,
        supervised: Annotated[
            bool, typer.Option(help="Run under a parent that restarts it when it crashes or hangs.")
        ] = False,
    ) -> int:
        """Host stages. SIGTERM finishes what is in work and leaves."""
        if supervised and REPORT_FD not in os.environ:
            return _supervise(folder, stages or [])
        from authstream.apps import worker as process  # noqa: PLC0415 - loads Faust

        return process.main(folder, settings(), stages=stages or [])


def _supervise(folder: Path | None, stages: list[str]) -> int:
    from authstream.apps import logs  # noqa: PLC0415 - as above
    from authstream.apps.supervisor import Supervisor  # noqa: PLC0415 - as above

    logs.configure(settings())
    if END_WITH_PARENT in os.environ:
        die_with_parent()
    where = [] if folder is None else ["--folder", str(folder)]
    command = [sys.executable, "-m", "authstream.cli", "worker", *stages, *where]
    # What stages remember outlives a worker that crashes, and goes with us.
    with TemporaryDirectory(prefix="authstream-state-", ignore_cleanup_errors=True) as state:
        kept = {} if settings().state_folder else {"AUTHSTREAM_STATE_FOLDER": state}
        return Supervisor(command, environment=kept, spare=True).run()
