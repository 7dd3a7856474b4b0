"""`authstream secrets …`: values go in by standard input or a file, and never come out."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from authstream.cli.door import OWN, AsJson, Tenant, columns, entered, show
from authstream.errors import ConfigurationError

if TYPE_CHECKING:
    from authstream.control.door import Door
    from authstream.control.secrets import Secrets

Action = Annotated[str, typer.Argument(help="The action.")]
Name = Annotated[str, typer.Argument(help="The secret's name.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="Secrets of actions.")
    app.add_typer(group, name="secrets")
    group.command("set")(_set)
    group.command("list")(_list)
    group.command("delete")(_delete)
    group.command("rotate-key")(_rotate_key)
    group.command("new-key")(_new_key)


def _set(
    action: Action,
    name: Name,
    *,
    file: Annotated[Path | None, typer.Option(help="Read it here; else standard input.")] = None,
    tenant: Tenant = OWN,
    as_json: AsJson = False,
) -> None:
    """Set a secret, from standard input or a file. Workers use it within a second."""
    value = _read(name, file)
    with entered() as door:
        changed = secrets_of(door, tenant).put(action, name, value)
    text = f"{name} of {action} is set" if changed else f"{name} of {action} is that already"
    said = {"action": action, "name": name, "changed": changed}
    show(said, lambda: [text], as_json=as_json)


def _read(name: str, file: Path | None) -> str:
    """The value without the newline at its end."""
    if file is not None:
        try:
            return file.read_text(encoding="utf-8").removesuffix("\n")
        except OSError as error:
            raise ConfigurationError(
                f"{file} cannot be read ({error.strerror}): check its path and permissions"
            ) from None
    if sys.stdin.isatty():
        return str(typer.prompt(f"{name}", hide_input=True))
    return sys.stdin.read().removesuffix("\n")


def _list(action: Action, *, tenant: Tenant = OWN, as_json: AsJson = False) -> None:
    """List the names of an action's secrets, and who set them when."""
    from authstream.control import described  # noqa: PLC0415 - only for these commands

    with entered() as door:
        found = [described.secret(stored) for stored in secrets_of(door, tenant).all(action)]
    rows = [(one["name"], one["changed_at"], one["changed_by"]) for one in found]
    lines = columns([("NAME", "SET", "BY"), *rows]) if rows else ["no secrets"]
    show(found, lambda: lines, as_json=as_json)


def _delete(action: Action, name: Name, *, tenant: Tenant = OWN, as_json: AsJson = False) -> None:
    """Forget a secret."""
    with entered() as door:
        secrets_of(door, tenant).delete(action, name)
    value = {"action": action, "deleted": name}
    show(value, lambda: [f"deleted {name} of {action}"], as_json=as_json)


def _rotate_key(*, as_json: AsJson = False) -> None:
    """Seal every secret under the first key of the ring; then the others can be taken out."""
    from authstream.control.secrets import rotate_key  # noqa: PLC0415 - as above

    with entered() as door:
        count = rotate_key(door)
        key = door.keyring.first
    text = f"{count} secrets are sealed anew; all are under key {key}"
    show({"sealed": count, "key": key}, lambda: [text], as_json=as_json)


def _new_key(
    key_id: Annotated[str, typer.Argument(help="A name for it, e.g. 2026-11.")],
) -> None:
    """Print a fresh key for AUTHSTREAM_SECRET_KEYS or a key file."""
    from authstream.control.seal import new_key  # noqa: PLC0415 - as above

    typer.echo(new_key(key_id))


def secrets_of(door: Door, tenant: str) -> Secrets:
    """The secrets and variables of a tenant."""
    from authstream.control.secrets import Secrets  # noqa: PLC0415 - as above

    return Secrets(door, tenant)
