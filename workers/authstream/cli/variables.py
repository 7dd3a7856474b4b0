"""`authstream variables …`: plain values that every action of a tenant is configured with."""

from __future__ import annotations

from typing import Annotated, Any

import orjson
import typer

from authstream.cli.door import OWN, AsJson, Tenant, columns, entered, show
from authstream.cli.secrets import secrets_of

Name = Annotated[str, typer.Argument(help="The variable's name.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="Plain values for all actions of a tenant.")
    app.add_typer(group, name="variables")
    group.command("set")(_set)
    group.command("list")(_list)
    group.command("delete")(_delete)


def _set(
    name: Name,
    value: Annotated[str, typer.Argument(help="JSON, or a text as it is.")],
    *,
    tenant: Tenant = OWN,
    as_json: AsJson = False,
) -> None:
    """Set a variable. Workers use it within a second."""
    with entered() as door:
        secrets_of(door, tenant).set_variable(name, _parsed(value))
    said = {"name": name, "value": _parsed(value)}
    show(said, lambda: [f"{name} of {tenant} is set"], as_json=as_json)


def _parsed(text: str) -> Any:  # noqa: ANN401 - any JSON value
    """A number, a list, …; what is no JSON is a text."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text


def _list(*, tenant: Tenant = OWN, as_json: AsJson = False) -> None:
    """List the variables of a tenant with their values, and who set them when."""
    from authstream.control import described  # noqa: PLC0415 - only for these commands
    from authstream.control.objects import VARIABLE  # noqa: PLC0415 - as above

    with entered() as door:
        found = [described.variable(one) for one in door.view.of_kind(VARIABLE, tenant)]
    head = ("NAME", "VALUE", "SET", "BY")
    rows = [
        (one["name"], f"{one['value']!r}", one["changed_at"], one["changed_by"]) for one in found
    ]
    show(found, lambda: columns([head, *rows]) if rows else ["no variables"], as_json=as_json)


def _delete(name: Name, *, tenant: Tenant = OWN, as_json: AsJson = False) -> None:
    """Take a variable away."""
    with entered() as door:
        secrets_of(door, tenant).delete_variable(name)
    show({"deleted": name}, lambda: [f"deleted {name}"], as_json=as_json)
