"""What the commands of the control plane share: a door to it, and output for people or programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from authstream.cli.progress import progress
from authstream.cli.settings import settings
from authstream.contracts.slug import DEFAULT_TENANT

if TYPE_CHECKING:
    from authstream.control.door import Door

Tenant = Annotated[str, typer.Option(help="Whose actions and flows.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
OWN = DEFAULT_TENANT


@contextmanager
def entered() -> Generator[Door]:
    """A door to the cluster of the settings; emergencies are said on standard error.

    Raises BrokerUnreachableError, ControlLogError.
    """
    from authstream.apps import logs  # noqa: PLC0415 - as below
    from authstream.apps.control import door, opened  # noqa: PLC0415 - loads the broker
    from authstream.control.emergencies import banners  # noqa: PLC0415 - as above

    current = settings()
    logs.configure(current.model_copy(update={"log_format": "console", "log_level": "error"}))
    with opened(current) as store:
        for line in banners(store.view, now=store.now()):
            typer.secho(line, err=True, fg=typer.colors.RED, bold=True)
        yield door(store, current, say=progress)


def show(value: Any, lines: Callable[[], Sequence[str]], *, as_json: bool) -> None:  # noqa: ANN401 - any JSON value
    """Print a value for a program, or its lines for a person."""
    if as_json:
        typer.echo(json.dumps(value, indent=2))
        return
    for line in lines():
        typer.echo(line)


def columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows as lines with columns that are as wide as they need to be."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
