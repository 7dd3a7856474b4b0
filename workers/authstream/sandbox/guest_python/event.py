"""The event as an action sees it, and JSON to and from it."""

# ruff: noqa: ANN401 - an action may pass anything, and events are a stranger's JSON
from __future__ import annotations

import difflib
import functools
import json
import re
from collections.abc import Iterable
from typing import Any


class Record(dict[str, Any]):
    """A JSON object of the event: `event.user.email`, `event["user"]["email"]`, `event.get("x")`.

    A missing member raises `AttributeError` or `KeyError`; `get` is for members that may be absent.
    """

    __slots__ = ()

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(
                missing(name, self, f'.get("{name}") if it may be absent')
            ) from None

    def __delattr__(self, name: str) -> None:
        try:
            del self[name]
        except KeyError:
            raise AttributeError(missing(name, self, "nothing to delete")) from None


def missing(name: str, names: Iterable[str], advice: str) -> str:
    """The message for a member that is not there, with the names that are near."""
    near = difflib.get_close_matches(name, list(names), cutoff=0.5)
    return (
        f"there is no '{name}' here" + (f", but {', '.join(near)}" if near else "") + f"; {advice}"
    )


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
