"""Progress of a command, for people: on standard error, so that output stays what it is."""

from __future__ import annotations

import typer


def progress(text: str) -> None:
    """Say what is being done."""
    typer.echo(text, err=True)
