"""Reads what a guest answered; a guest is not trusted, so every part is checked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import orjson

from authstream.contracts.api import CommandRefusedError, check_command
from authstream.contracts.budgets import (
    COMMANDS_BYTES,
    CONSOLE_CHARACTERS,
    ERROR_CHARACTERS,
    ERROR_NAME_CHARACTERS,
)
from authstream.contracts.envelope import Thrown
from authstream.engine.program import Line, RecordedCommand
from authstream.sandbox.plain import is_legal


def read_result(
    trigger: str, payload: bytes, limit: int = COMMANDS_BYTES
) -> tuple[tuple[RecordedCommand, ...], tuple[Line, ...], Thrown | None]:
    """Commands, console lines, and the error if the commands are not legal: then there are none.

    `limit`: bytes of all commands together.
    """
    content = _object(payload)
    console = _console(content.get("console"))
    try:
        rows = _rows(content.get("commands"), len(payload), limit)
        return tuple([_command(trigger, row) for row in rows]), console, None
    except CommandRefusedError as error:
        return (), console, thrown("CommandRefusedError", str(error))


def read_error(payload: bytes) -> tuple[tuple[Line, ...], Thrown]:
    """Console lines and the error: name, message, and the lines it came through."""
    content = _object(payload)
    name, message, stack = (str(content.get(key, "")) for key in ("name", "message", "stack"))
    return _console(content.get("console")), thrown(name, message, stack)


def thrown(name: str, message: str, stack: str = "") -> Thrown:
    """An error within its budgets."""
    return Thrown(
        name=name[:ERROR_NAME_CHARACTERS],
        message=message[:ERROR_CHARACTERS],
        stack=stack[:ERROR_CHARACTERS],
    )


def whole(thrown: Thrown) -> str:
    """An error in one text, with its stack."""
    return f"{thrown.text}\n{thrown.stack}".strip()[:ERROR_CHARACTERS]


def _object(payload: bytes) -> dict[str, object]:
    try:
        content = orjson.loads(payload)
    except orjson.JSONDecodeError:
        return {}
    return cast("dict[str, object]", content) if isinstance(content, dict) else {}


def _rows(said: object, size: int, limit: int) -> list[object]:
    if not isinstance(said, list):
        raise CommandRefusedError("the guest's result holds no list of commands")
    rows = cast("list[object]", said)
    if size > limit and len(orjson.dumps(rows)) > limit:
        raise CommandRefusedError(f"the commands of one action must not exceed {limit} bytes")
    return rows


def _command(trigger: str, said: object) -> RecordedCommand:
    row = cast("list[object]", said) if isinstance(said, list) and said else [None]
    name, arguments = row[0], tuple(row[1:])
    if not isinstance(name, str):
        raise CommandRefusedError("a command must be a list that begins with its name")
    if not is_legal(trigger, name, arguments):
        check_command(trigger, name, arguments)
    return name, arguments


def _console(said: object) -> tuple[Line, ...]:
    return tuple(_lines(cast("list[object]", said))) if isinstance(said, list) and said else ()


def _lines(rows: list[object]) -> Iterator[Line]:
    left = CONSOLE_CHARACTERS
    for row in rows:
        match row:
            case [str(level), str(text)] if left > 0:
                yield level[:16], text[:left]
                left -= max(1, len(text))
            case _:
                pass
