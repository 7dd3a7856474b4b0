"""What later actions see of earlier ones: set and unset operations on top-level keys."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache

import orjson

from authstream.contracts.api import Operation, methods, operation
from authstream.contracts.envelope import Command, Envelope, Run


def operations(envelope: Envelope) -> list[Operation]:
    """What an action's guest applies to its event; a value replaces the whole key."""
    made: list[Operation] = []
    for command in envelope.commands:
        change = operation(envelope.trigger, command.name, orjson.loads(command.arguments))
        if change is not None and change[0] == "record":
            made.append((*change, _time_of(command, envelope.runs)))
        elif change is not None:
            made.append(change)
    return made


def _time_of(command: Command, runs: Iterable[Run]) -> str:
    """When the run of a command began, ISO 8601."""
    by = (command.action, command.leg)
    began = next((run.started_at for run in runs if (run.action, run.leg) == by), 0)
    moment = datetime.fromtimestamp(began / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def calls(trigger: str, commands: Iterable[Command]) -> dict[str, int]:
    """How often the actions so far called methods that have a quota, by the quota's group."""
    groups = _groups(trigger)
    made = [groups[one.name] for one in commands if one.name in groups]
    return dict(Counter(made)) if made else {}


@cache
def _groups(trigger: str) -> dict[str, str]:
    return {path: one.quota.group for path, one in methods(trigger).items() if one.quota}
