"""Every limit that the actions of a trigger meet, from where each is enforced, for its page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta

from authstream.contracts.api import Method, methods
from authstream.contracts.budgets import COMMANDS_BYTES, CONSOLE_CHARACTERS, EVENT_BYTES
from authstream.contracts.markdown import code
from authstream.control.quotas import DEFAULT, most_actions
from authstream.engine.trigger import Trigger
from authstream.sandbox.guest_python import cache

#: What is limited, and to how much.
Limit = tuple[str, str]
_SECOND = timedelta(seconds=1)
_HOUR_MS = 3_600_000


def limits(trigger: Trigger) -> Iterator[Limit]:
    """In the order of a flow: time, actions, what they are given, what they may ask for."""
    yield "all actions of a leg together", f"{trigger.budget / _SECOND:g} s"
    most = most_actions(DEFAULT, trigger)
    yield "actions in a flow", f"{trigger.least_actions} to {most}"
    yield "the event", f"{_bytes(EVENT_BYTES)} of JSON"
    yield "the commands of one action", f"{_bytes(COMMANDS_BYTES)} of JSON"
    yield "the console of one action", f"{CONSOLE_CHARACTERS} characters (Auth0: 256)"
    if trigger.retry is not None:
        yield "tries of one event", f"{len(trigger.retry.waits_ms) + 1}"
    for part in trigger.parts:
        yield from part.limits.items()
    table = methods(trigger.name)
    yield from _quotas(table)
    for path, method in table.items():
        yield from _of_method(path, method)
    yield "entries of the cache of a guest", f"{cache.ENTRIES}, {_bytes(cache.TOTAL_BYTES)} in all"
    yield "a key of the cache, and a value", f"{cache.KEY_BYTES} B, {_bytes(cache.VALUE_BYTES)}"
    yield "time in the cache", f"{cache.LONGEST_MS // _HOUR_MS} h, 15 minutes unless said"


def _quotas(table: dict[str, Method]) -> Iterator[Limit]:
    groups: dict[tuple[str, int], list[str]] = defaultdict(list)
    for path, method in table.items():
        if method.quota is not None:
            groups[method.quota.group, method.quota.at_most].append(path)
    for (_, at_most), paths in groups.items():
        together = " together" if len(paths) > 1 else ""
        yield f"calls of {', '.join(map(code, paths))}{together}", f"{at_most} in a transaction"


def _of_method(path: str, method: Method) -> Iterator[Limit]:
    if method.total is not None:
        yield f"all that one action says to {code(path)}", _bytes(method.total.max_bytes)
    effect = method.effect
    if effect is None:
        return
    place = code(f"event.{effect.path}")
    if effect.max_total_bytes is not None:
        yield f"{place} by {code(path)}", f"{_bytes(effect.max_total_bytes)} of JSON"
    if effect.max_entries is not None:
        yield f"{place} by {code(path)}", f"{effect.max_entries} entries"


def _bytes(count: int) -> str:
    whole, rest = divmod(count, 1024)
    return f"{count} B" if rest or not whole else f"{whole} kB"
