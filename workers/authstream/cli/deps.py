"""`authstream deps lock|install`: the packages of a folder's actions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from authstream.apps.build import TOOLS
from authstream.apps.stages import loaded
from authstream.cli.progress import progress
from authstream.cli.settings import settings
from authstream.control import dependencies
from authstream.control.dependencies import Packaged

Folder = Annotated[Path, typer.Argument(help="Folder of actions and flows.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="Lock and install the packages of actions.")
    app.add_typer(group, name="deps")

    @group.command()
    def lock(folder: Folder) -> None:
        """Write the exact lock, with hashes, of every action that has dependencies; commit it."""
        for action in _with_dependencies(folder):
            progress(f"locking the packages of {action.name} …")
            typer.echo(f"locked {dependencies.lock(action, TOOLS)}")

    @group.command()
    def install(folder: Folder) -> None:
        """Install what the locks hold. Scripts of packages are not run; native code is refused."""
        for action in _with_dependencies(folder):
            typer.echo(f"{action.name}: {dependencies.install(action, TOOLS, progress)}")


def _with_dependencies(folder: Path) -> list[Packaged]:
    whole = loaded(folder, settings(), missing_secret="")
    every: list[Packaged] = [*whole.modules.values(), *whole.actions.values()]
    found = [one for one in every if one.dependencies]
    if not found:
        progress("no action has dependencies")
    return found
