"""`authstream import auth0`: an export of another system becomes a folder of ours."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from authstream.apps.stages import triggers
from authstream.cli.progress import progress
from authstream.settings import Settings

#: Exit status when something of the export was left out.
LEFT_OUT_STATUS = 5


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="Import actions and flows from other systems.")
    app.add_typer(group, name="import")

    @group.command()
    def auth0(
        export: Annotated[
            Path, typer.Argument(help="Of auth0-deploy-cli, folder or YAML; or a Terraform state.")
        ],
        *,
        to: Annotated[Path, typer.Option(help="The folder to make or bring up to date.")],
        values: Annotated[
            Path | None,
            typer.Option("--vars", help="File of keyword values, or deploy-cli's config.json."),
        ] = None,
        var: Annotated[
            list[str] | None, typer.Option(help="KEY=VALUE for ##KEY##; not for secrets.")
        ] = None,
        lock: Annotated[
            bool, typer.Option(help="Lock packages, which needs npm and its registry.")
        ] = True,
        overwrite: Annotated[
            bool, typer.Option("--overwrite", help="Also files changed since the last import.")
        ] = False,
        as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
    ) -> int:
        """Import an export of auth0-deploy-cli; run again, it changes nothing."""
        from authstream.apps.build import TOOLS  # noqa: PLC0415 - other commands start faster
        from authstream.control.auth0_import import importing, keywords  # noqa: PLC0415 - as above

        known: dict[str, Any] = {} if values is None else keywords.read_keywords(values)
        report = importing.import_export(
            export,
            to,
            keywords=keywords.Keywords({**known, **dict(map(_pair, var or []))}),
            allowed=Settings().quotas,
            triggers=triggers(),
            tools=TOOLS if lock else None,
            overwrite=overwrite,
            say=progress,
        )
        if as_json:
            typer.echo(json.dumps(report.public(), indent=2))
        else:
            for line in report.lines():
                typer.echo(line)
        return LEFT_OUT_STATUS if report.not_supported else 0


def _pair(text: str) -> tuple[str, str]:
    key, separator, value = text.partition("=")
    if not separator or not key:
        raise typer.BadParameter(f"--var {text}: write KEY=VALUE")
    return key, value
