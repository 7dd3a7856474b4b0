"""What later actions see of earlier ones: set and unset operations on top-level keys."""

from __future__ import annotations

from collections.abc import Iterable

import orjson

from authstream.contracts.api import Operation, operation
from authstream.contracts.envelope import Command


def operations(trigger: str, commands: Iterable[Command]) -> list[Operation]:
    """What an action's guest applies to its event; a value replaces the whole key."""
    made = (
        operation(trigger, command.name, orjson.loads(command.arguments)) for command in commands
    )
    return [change for change in made if change is not None]
