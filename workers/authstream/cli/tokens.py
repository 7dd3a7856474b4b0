"""`authstream tokens …`: bearer tokens of the admin API."""

from __future__ import annotations

from typing import Annotated, get_args

import typer

from authstream.cli.door import AsJson, columns, entered, show
from authstream.errors import ConfigurationError

Name = Annotated[str, typer.Argument(help="Who or what has it; the audit trail says this name.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="Bearer tokens of the admin API.")
    app.add_typer(group, name="tokens")

    @group.command()
    def create(
        name: Name,
        *,
        role: Annotated[str, typer.Option(help="viewer, author or operator.")] = "viewer",
        lasting: Annotated[
            str | None, typer.Option("--for", help="How long it is valid, e.g. 8h.")
        ] = None,
    ) -> None:
        """Make a token and print it; it cannot be shown again."""
        from authstream.control.duration import duration  # noqa: PLC0415 - loads the broker
        from authstream.control.objects import Role  # noqa: PLC0415 - as above
        from authstream.control.tokens import Tokens  # noqa: PLC0415 - as above

        roles: dict[str, Role] = {one: one for one in get_args(Role)}
        if role not in roles:
            raise ConfigurationError(f"no role {role!r}; there are {', '.join(roles)}")
        with entered() as door:
            valid = None if lasting is None else duration(lasting)
            typer.echo(Tokens(door).create(name, roles[role], lasting=valid))

    @group.command("list")
    def list_(*, as_json: AsJson = False) -> None:
        """List the tokens: names and roles."""
        from authstream.control import described  # noqa: PLC0415 - as above
        from authstream.control.tokens import Tokens  # noqa: PLC0415 - as above

        with entered() as door:
            found = [described.token(stored) for stored in Tokens(door).all()]
        rows = [(one["name"], one["role"], f"{one['expires_at'] or 'for ever'}") for one in found]
        show(found, lambda: columns(rows) if rows else ["no tokens"], as_json=as_json)

    @group.command()
    def revoke(name: Name) -> None:
        """Make a token worthless at once."""
        from authstream.control.tokens import Tokens  # noqa: PLC0415 - as above

        with entered() as door:
            Tokens(door).revoke(name)
        typer.echo(f"revoked {name}")
