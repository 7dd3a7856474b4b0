"""`authstream up DIR`: everything on this machine, until Ctrl-C."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from authstream.apps.stages import chosen, loaded
from authstream.cli.progress import progress
from authstream.cli.settings import settings

#: Of who starts with an empty folder: not one line for every partition that is assigned.
_CALM = '{"consumer": "warning", "recovery": "warning"}'


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def up(folder: Annotated[Path, typer.Argument(help="Folder of actions and flows.")]) -> int:
        """Run the embedded broker, all stages and the console of a folder, for development."""
        from authstream.apps.doctor import sandbox_line  # noqa: PLC0415 - loads the broker
        from authstream.apps.up import Up, free_port  # noqa: PLC0415 - as above

        found = loaded(folder, settings())
        level = chosen(settings())
        port = free_port(settings().gateway.port)
        console = free_port(settings().console.port)
        environment = {
            "AUTHSTREAM_LOG_FORMAT": "console",
            "AUTHSTREAM_LOG_LEVELS": os.environ.get("AUTHSTREAM_LOG_LEVELS", _CALM),
        }
        with Up(
            folder.resolve(),
            environment=environment,
            gateway_port=port,
            console_port=console,
            say=progress,
        ) as running:
            running.wait_ready()
            typer.echo(f"\nThe console is at http://127.0.0.1:{console}")
            typer.echo(
                f"Actions: {len(found.actions)}, flows: {len(found.flows)}, "
                f"embedded broker at {running.brokers}. In another terminal:"
            )
            typer.echo(f"  export AUTHSTREAM_BROKERS={running.brokers} AUTHSTREAM_EMBEDDED=true")
            typer.echo(f"  export AUTHSTREAM_SECRET_KEY_FILE={running.key_file}")
            typer.echo("  authstream send EVENT.json")
            typer.echo("  authstream tail post-login.decided.v1")
            typer.echo(f"The gateway serves connections/ at http://127.0.0.1:{port}")
            typer.echo(f"{sandbox_line(level)}\nCtrl-C ends all of it.")
            try:
                return running.worker.wait()
            except KeyboardInterrupt:
                typer.echo("stopping …")
                return 0
