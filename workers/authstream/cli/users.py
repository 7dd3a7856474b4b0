"""`authstream users erase`: a person asked to be forgotten."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from authstream.apps.erasure import forget, remains
from authstream.cli.settings import settings
from authstream.settings import Settings


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="What is kept of people.")
    app.add_typer(group, name="users")

    @group.callback()
    def _users() -> None:
        """Keeps `erase` a word of its own while it is the only one."""

    @group.command()
    def erase(
        user: Annotated[str, typer.Argument(help="The user's id, as events have it.")],
        *,
        tenant: Annotated[str, typer.Option(help="The tenant that the user is of.")],
    ) -> None:
        """Delete a user's profile, and say what remains of him in the log, and until when."""
        current = settings()
        typer.echo(_said(asyncio.run(forget(current, tenant, user)), current))
        typer.echo(
            "\nRecords cannot be taken out of Kafka. Those that name the user are gone by:\n"
        )
        for one in remains(current):
            when = one.gone_by.strftime("%Y-%m-%d %H:%M UTC") if one.gone_by else "never"
            typer.echo(f"  {when:22}{one.topic}")
        typer.echo(
            "\nThis holds for what is in the log now: delete the user at the identity provider"
            " first, so that no login writes more. Traces and log lines are kept by whatever"
            " collects them."
        )


def _said(found: bool | None, current: Settings) -> str:
    if found is None:
        return (
            f"no profile store: metadata is kept by the sink {current.metadata.sink!r},"
            " so delete the user there"
        )
    return "profile deleted" if found else "no profile was stored"
