"""What differs between two JSON values, one line for each place."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

#: Characters of a value that a line shows.
SHOWN = 120
_PLAIN = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"


@dataclass(frozen=True, slots=True)
class Difference:
    """One place: `path` has members with dots, items in brackets; the text says what changed."""

    path: str
    text: str

    def __str__(self) -> str:
        return self.text


def differences(before: object, after: object, path: str = "") -> Iterator[Difference]:
    """Every place where two JSON values differ, in order; none when they are equal."""
    texts = _text(before), _text(after)
    if isinstance(before, dict) and isinstance(after, dict):
        yield from _members(
            cast("Mapping[str, Any]", before), cast("Mapping[str, Any]", after), path
        )
    elif isinstance(before, list) and isinstance(after, list):
        yield from _items(cast("Sequence[Any]", before), cast("Sequence[Any]", after), path)
    elif texts[0] != texts[1]:
        name = path or "value"
        yield Difference(name, f"~ {name}: {_cut(texts[0])} → {_cut(texts[1])}")


def _members(
    before: Mapping[str, Any], after: Mapping[str, Any], path: str
) -> Iterator[Difference]:
    for name in (*before, *(name for name in after if name not in before)):
        inner = _member(path, name)
        if name not in after:
            yield Difference(inner, f"- {inner}: {_shown(before[name])}")
        elif name not in before:
            yield Difference(inner, f"+ {inner}: {_shown(after[name])}")
        else:
            yield from differences(before[name], after[name], inner)


def _items(before: Sequence[Any], after: Sequence[Any], path: str) -> Iterator[Difference]:
    for number in range(max(len(before), len(after))):
        inner = f"{path}[{number}]"
        if number >= len(after):
            yield Difference(inner, f"- {inner}: {_shown(before[number])}")
        elif number >= len(before):
            yield Difference(inner, f"+ {inner}: {_shown(after[number])}")
        else:
            yield from differences(before[number], after[number], inner)


def _member(path: str, name: str) -> str:
    if not name or name.strip(_PLAIN):
        return f"{path}[{json.dumps(name)}]"
    return f"{path}.{name}" if path else name


def _shown(value: object) -> str:
    return _cut(_text(value))


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"


def _text(value: object) -> str:
    """JSON: tells `1` from `true`, which Python does not."""
    return json.dumps(value, ensure_ascii=False)
