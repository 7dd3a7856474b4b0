"""`authstream effects list|preview`: the installed kinds, and an e-mail as a template makes it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, cast

import typer

from authstream.apps.stages import deliveries
from authstream.cli.settings import settings
from authstream.errors import ConfigurationError, DeliveryError
from authstream.outbound.mail_templates import render


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="Kinds of side effects.")
    app.add_typer(group, name="effects")
    group.command("list")(_list)
    group.command("preview")(_preview)


def _list(
    *,
    schema: Annotated[
        bool, typer.Option("--schema", help="JSON schemas of the payloads, as one object.")
    ] = False,
) -> None:
    """List the installed kinds with the members of their payloads."""
    kinds = sorted(deliveries().items())
    if schema:
        found = {name: kind.inputs.model_json_schema() for name, kind in kinds}
        typer.echo(json.dumps(found, indent=2))
        return
    for name, kind in kinds:
        members = [
            f"{member}" if field.is_required() else f"{member}?"
            for member, field in kind.inputs.model_fields.items()
        ]
        typer.echo(f"{name}\t{', '.join(members)}")


def _preview(
    template: Annotated[str, typer.Argument(help="The template's name, e.g. welcome.")],
    *,
    values: Annotated[str, typer.Option(help="A JSON object, or a file that holds one.")] = "{}",
    html: Annotated[bool, typer.Option("--html", help="The HTML part, not the text.")] = False,
) -> None:
    """Print an e-mail template with its values filled in; nothing is sent."""
    text = Path(values).read_text(encoding="utf-8") if Path(values).is_file() else values
    try:
        given = json.loads(text)
    except json.JSONDecodeError as error:
        raise ConfigurationError(
            f"--values is neither a JSON object nor a file: {error}"
        ) from error
    if not isinstance(given, dict):
        raise ConfigurationError("--values must be a JSON object")
    try:
        rendered = render(
            template, cast("dict[str, object]", given), folder=settings().smtp.templates
        )
    except DeliveryError as error:
        raise ConfigurationError(f"{error}") from error
    if html:
        typer.echo(rendered.html or "")
    else:
        typer.echo(f"Subject: {rendered.subject}\n\n{rendered.text}", nl=False)
