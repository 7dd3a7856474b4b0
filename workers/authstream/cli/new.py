"""`authstream new ACTION`: a template to begin with, which runs and is tested."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from authstream.apps.stages import triggers
from authstream.cli.events import known_trigger


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def new(
        action: Annotated[str, typer.Argument(help="Name of the action.")],
        *,
        trigger: Annotated[str, typer.Option(help="The trigger it is for.")] = "post-login",
        language: Annotated[
            Literal["python", "javascript", "typescript"],
            typer.Option(help="What it is written in."),
        ] = "python",
        folder: Annotated[Path, typer.Option(help="Folder of actions and flows.")] = Path(),
    ) -> None:
        """Write a new action: code, its place in the flow, types, a sample event and a test."""
        from authstream.control.template import new_action  # noqa: PLC0415 - only here

        known = known_trigger(trigger, triggers())
        events = {name: one.event for name, one in triggers().items()}
        for file in new_action(folder, action, trigger=known, language=language, events=events):
            typer.echo(f"wrote {file}")
        typer.echo(f"run it: authstream test {folder} --all; its test: pytest {folder}")
