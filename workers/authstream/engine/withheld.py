"""What a record of an execution withholds: values are dropped or hashed wherever they stand."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Literal, cast

from authstream.errors import ConfigurationError

Deed = Literal["drop", "hash"]
#: JSON members that rules may change.
Members = dict[str, Any]
#: Names of members, from the outermost.
Path = tuple[str, ...]
DROPPED = "[dropped]"
#: Begins a hash, so that it is not taken for what it stands for.
HASHED = "hashed:"
#: A shorter value would take pieces out of ordinary words; it goes from its own place only.
SHORTEST = 4
_HASH_DIGITS = 24
_KEY_CHARACTERS = 32
_ANY = "*"
#: Where a rule may reach: the event, which is not recorded, and the free parts of the record.
_PLACES = (
    ("event",),
    ("subject",),
    ("client",),
    ("reason",),
    ("commands", "arguments"),
    ("runs", "error"),
    ("runs", "thrown", "message"),
    ("runs", "thrown", "stack"),
    ("runs", "console"),
    ("verdict",),
)
#: Free text and values of a record, and the members of a verdict that only name actions.
_FREE = [[*path, _ANY] if path == ("verdict",) else [*path] for path in _PLACES[1:]]
_NAMING = ("steps", "denied_by")


class Withheld:
    """Rules by path: members by dots, `*` for any, lists looked through.

    A string that a rule takes is taken wherever else in the record it stands: in a claim, in an
    error, in what an action logged. Raises ConfigurationError for a path that leads nowhere and for
    a hash without a key.
    """

    def __init__(self, rules: Mapping[str, Deed], key: str | None = None) -> None:
        self._rules: list[tuple[list[str], Deed]] = [
            (_checked(path), deed) for path, deed in rules.items()
        ]
        self._key = (key or "").encode()
        if "hash" in rules.values() and len(self._key) < _KEY_CHARACTERS:
            raise ConfigurationError(
                "AUTHSTREAM_EXECUTIONS__REDACT hashes, but AUTHSTREAM_EXECUTIONS__HASH_KEY has not"
                f" {_KEY_CHARACTERS} characters: without a key, hashes of ids can be guessed"
            )

    def __bool__(self) -> bool:
        """Whether there is anything to do."""
        return bool(self._rules)

    def pseudonym(self, value: str) -> str:
        """What stands for a value that is hashed: the same for the same value and key."""
        digest = hmac.new(self._key, value.encode(errors="replace"), hashlib.sha256).hexdigest()
        return HASHED + digest[:_HASH_DIGITS]

    def apply(self, members: Members, always: Iterable[Path] = ()) -> Members:
        """A record's JSON members, with the event under `event`, less what is withheld.

        `always`: paths that are dropped whatever the rules say. Changes what it is given.
        """
        return replaced(members, self._take(members, always))

    def event(self, event: Members, always: Iterable[Path] = ()) -> Members:
        """An event by itself, less what is withheld of it, under the same rules and paths."""
        members = {"event": event}
        clean = _cleaner(self._take(members, always))
        if clean is not None:
            members["event"] = cast("Members", _mapped(members["event"], clean, names=clean))
        return members["event"]

    def _take(self, members: Members, always: Iterable[Path]) -> dict[str, str]:
        """Take it out at its own places; the texts found there, and what stands for each."""
        found: dict[str, str] = {}
        dropped: list[tuple[list[str], Deed]] = [(list(path), "drop") for path in always]
        for path, deed in [*dropped, *self._rules]:
            stand_in = self.pseudonym if deed == "hash" else _nothing
            for holder, name in _holders(members, path):
                value = holder[name]
                found |= {text: stand_in(text) for text in _strings(value)}
                holder[name] = self._taken(value, deed)
        return found

    def _taken(self, value: object, deed: Deed) -> object:
        if deed == "hash":
            number = isinstance(value, int | float) and not isinstance(value, bool)
            return _mapped(f"{value}" if number else value, self.pseudonym, names=str)
        if isinstance(value, str):
            return DROPPED
        return [] if isinstance(value, list) else {} if isinstance(value, dict) else None


def replaced(members: Members, found: Mapping[str, str]) -> Members:
    """The members with some strings replaced in every free part of the record."""
    clean = _cleaner(found)
    if clean is None:
        return members
    for path in _FREE:
        for holder, name in _holders(members, path):
            if holder is not members.get("verdict") or name not in _NAMING:
                holder[name] = _mapped(holder[name], clean, names=clean)
    return members


def _cleaner(found: Mapping[str, str]) -> Callable[[str], str] | None:
    """Replaces texts inside a text; None where there is nothing to replace."""
    wanted = sorted((text for text in found if len(text) >= SHORTEST), key=len, reverse=True)
    if not wanted:
        return None
    pattern = re.compile("|".join(map(re.escape, wanted)))
    return lambda text: pattern.sub(lambda match: found[match[0]], text)


def _checked(path: str) -> list[str]:
    parts = path.split(".")
    if any(tuple(parts[: len(place)]) == place for place in _PLACES) and all(parts):
        return parts
    known = ", ".join(".".join(place) for place in _PLACES)
    raise ConfigurationError(
        f"AUTHSTREAM_EXECUTIONS__REDACT: no rule can begin {path!r}: begin it with one of {known}"
    )


def _nothing(_value: str) -> str:
    return DROPPED


def _holders(members: object, path: list[str]) -> Iterator[tuple[Members, str]]:
    """The object that holds what a path leads to, and its name in it; of each that there is."""
    if isinstance(members, list):
        for item in cast("list[object]", members):
            yield from _holders(item, path)
    elif isinstance(members, dict):
        inner = cast("Members", members)
        names = list(inner) if path[0] == _ANY else [path[0]] if path[0] in inner else []
        for name in names:
            if path[1:]:
                yield from _holders(inner[name], path[1:])
            else:
                yield inner, name


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        inner = cast("list[object] | dict[str, object]", value)
        for item in inner.values() if isinstance(inner, dict) else inner:
            yield from _strings(item)


def _mapped(value: object, change: Callable[[str], str], *, names: Callable[[str], str]) -> object:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [_mapped(item, change, names=names) for item in cast("list[object]", value)]
    if isinstance(value, dict):
        inner = cast("dict[str, object]", value)
        return {names(name): _mapped(item, change, names=names) for name, item in inner.items()}
    return value
