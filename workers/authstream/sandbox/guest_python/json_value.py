"""JSON values as an action may pass them: their type, and what JSON cannot carry."""

# ruff: noqa: ANN401 - an action may pass anything
from __future__ import annotations

import math
from typing import Any, cast

#: As `contracts/json_value.py`, which the worker checks by.
JSON_DEPTH = 100
SAFE_INTEGER = 2**53 - 1
JSON_INTEGER = 2**63 - 1


class NotJsonError(Exception):
    """A value that JSON cannot carry; the text continues "the argument …"."""


def encodes(text: str) -> bool:
    """False for text with lone surrogates, which JSON readers refuse."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def type_of(value: Any, depth: int = JSON_DEPTH) -> str:
    """The JSON type of a value, after a look at every value inside it.

    Raises:
        NotJsonError: It, or a value inside it, is none.
    """
    if isinstance(value, str):
        if not value.isascii() and not encodes(value):
            raise NotJsonError("must be valid Unicode text")
        return "string"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        _check_finite(value)
        return "number"
    return _container_type(value, depth)


def _container_type(value: object, depth: int) -> str:
    if depth == 0:
        raise NotJsonError(f"must not be nested deeper than {JSON_DEPTH} levels")
    if isinstance(value, list | tuple):
        for item in cast("list[object]", value):
            type_of(item, depth - 1)
        return "array"
    if isinstance(value, dict):
        for key, item in cast("dict[object, object]", value).items():
            if not isinstance(key, str):
                raise NotJsonError("must have strings as the keys of its objects")
            type_of(key, depth)
            type_of(item, depth - 1)
        return "object"
    raise NotJsonError(f"must be a JSON value, not {type(value).__name__}")


def _check_finite(value: float) -> None:
    if isinstance(value, int):
        if not -JSON_INTEGER - 1 <= value <= JSON_INTEGER:
            raise NotJsonError("must be a number of at most 64 bits: use a string")
    elif not math.isfinite(value):
        raise NotJsonError(f"must be a finite number: JSON has no {value}")
