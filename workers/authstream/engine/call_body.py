"""Reads a call's JSON: what has another form than expected is refused by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import orjson

from authstream.errors import InvalidCallError


def members(body: bytes) -> dict[str, Any]:
    """The members of a JSON object. Raises InvalidCallError."""
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InvalidCallError(
            f"the body is not JSON (at byte {error.pos}): send one JSON object"
        ) from None
    if not isinstance(found, dict):
        raise InvalidCallError("the body is not a JSON object: send one")
    return cast("dict[str, Any]", found)


def inner(said: Mapping[str, Any], *path: str) -> dict[str, Any]:
    """An object inside, empty when it is absent or null. Raises InvalidCallError for anything else.

    `inner(body, "data", "user")` is `body["data"]["user"]`.
    """
    here: Mapping[str, Any] = said
    for depth, name in enumerate(path):
        found = here.get(name)
        if found is None:
            return {}
        if not isinstance(found, dict):
            raise InvalidCallError(f"{'.'.join(path[: depth + 1])} is not an object")
        here = cast("dict[str, Any]", found)
    return dict(here)


def text(said: Mapping[str, Any], *path: str) -> str | None:
    """A text inside, None when it is absent, null or empty. Raises InvalidCallError otherwise."""
    found = inner(said, *path[:-1]).get(path[-1])
    if found is None or found == "":
        return None
    if not isinstance(found, str):
        raise InvalidCallError(f"{'.'.join(path)} is not a text")
    return found


def texts(said: Mapping[str, Any], *path: str) -> list[str]:
    """A list of texts inside, empty when absent. Raises InvalidCallError for anything else."""
    found = inner(said, *path[:-1]).get(path[-1])
    if found is None:
        return []
    listed = cast("list[object]", found) if isinstance(found, list) else [None]
    if not all(isinstance(item, str) for item in listed):
        raise InvalidCallError(f"{'.'.join(path)} is not a list of texts")
    return cast("list[str]", listed)


def objects(said: Mapping[str, Any], *path: str) -> list[dict[str, Any]]:
    """A list of objects inside, empty when absent. Raises InvalidCallError for anything else."""
    found = inner(said, *path[:-1]).get(path[-1])
    if found is None:
        return []
    listed = cast("list[object]", found) if isinstance(found, list) else [None]
    if not all(isinstance(item, dict) for item in listed):
        raise InvalidCallError(f"{'.'.join(path)} is not a list of objects")
    return cast("list[dict[str, Any]]", listed)


def needed(value: str | None, name: str) -> str:
    """A text that must be there. Raises InvalidCallError."""
    if value is None:
        raise InvalidCallError(f"{name} is missing: it says whose login this is")
    return value


def filled(said: Mapping[str, Any]) -> dict[str, Any]:
    """The members that have a value."""
    return {name: value for name, value in said.items() if value is not None}
