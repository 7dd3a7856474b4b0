"""What later actions see of earlier ones: set and unset operations on top-level keys."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import cache

import orjson

from authstream.contracts.api import Operation, methods, operation
from authstream.contracts.envelope import Command


def operations(trigger: str, commands: Iterable[Command]) -> list[Operation]:
    """What an action's guest applies to its event; a value replaces the whole key."""
    made = (
        operation(trigger, command.name, orjson.loads(command.arguments)) for command in commands
    )
    return [change for change in made if change is not None]


def calls(trigger: str, commands: Iterable[Command]) -> dict[str, int]:
    """How often the actions so far called methods that have a quota, by the quota's group."""
    groups = _groups(trigger)
    return dict(Counter(groups[one.name] for one in commands if one.name in groups))


@cache
def _groups(trigger: str) -> dict[str, str]:
    return {path: one.quota.group for path, one in methods(trigger).items() if one.quota}
