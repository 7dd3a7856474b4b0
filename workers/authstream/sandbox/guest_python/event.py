"""The event as an action sees it, and JSON to and from it."""

# ruff: noqa: ANN401 - an action may pass anything, and events are a stranger's JSON
from __future__ import annotations

import difflib
import functools
import json
import re
from collections.abc import Iterable
from typing import Any

#: Names are alike from this ratio on (`difflib`).
NEAR = 0.7
#: So many names fit into a message.
FEW_NAMES = 12


class Record(dict[str, Any]):
    """A JSON object of the event: `event.user.email`, `event["user"]["email"]`, `event.get("x")`.

    A missing member raises `AttributeError` or `KeyError`; `get` is for members that may be absent.
    """

    __slots__ = ()
    _advice = '.get("{}") if it may be absent'

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(missing(name, self, self._advice.format(name))) from None

    def __delattr__(self, name: str) -> None:
        try:
            del self[name]
        except KeyError:
            raise AttributeError(missing(name, self, "nothing to delete")) from None


class Secrets(Record):
    """`event.secrets`."""

    __slots__ = ()
    _advice = "name it under secrets: in action.yaml and set it"


def missing(name: str, names: Iterable[str], advice: str) -> str:
    """The message for a member that is not there: what was meant, or what there is if little."""
    known = list(names)
    if near := _near(name, known):
        return f"there is no '{name}' here: did you mean {' or '.join(near)}?"
    there = f", there is {', '.join(sorted(known))}" if 0 < len(known) <= FEW_NAMES else ""
    return f"there is no '{name}' here{there}; {advice}"


def _near(name: str, known: list[str]) -> list[str]:
    """The one that differs in spelling only, as camelCase does; else those that look alike."""
    plain = {other: _plain(other) for other in known}
    same = [other for other, text in plain.items() if text == _plain(name)]
    alike = difflib.get_close_matches(_plain(name), plain.values(), n=2, cutoff=NEAR)
    return same or [other for other, text in plain.items() if text in alike]


def _plain(name: str) -> str:
    return name.replace("_", "").replace("-", "").lower()


@functools.cache
def snake(name: str) -> str:
    """`setCustomClaim` in Python's spelling."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


_decode = json.JSONDecoder(object_hook=Record).decode

#: Compact JSON text of a value.
dump = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


def parse(text: str) -> Any:
    """JSON with every object a `Record`."""
    return _decode(text)
