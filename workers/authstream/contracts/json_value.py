"""JSON values as an action may pass them: their type, and what JSON cannot carry."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, cast

JsonType = Literal["string", "number", "boolean", "null", "array", "object"]
#: JSON nested deeper than this is refused: encoders recurse, and orjson stops at 254.
JSON_DEPTH = 100
#: Integers that any JSON reader keeps exactly (`Number.MAX_SAFE_INTEGER`).
SAFE_INTEGER = 2**53 - 1
#: Integers that fit 64 bits; readers round larger ones silently.
JSON_INTEGER = 2**63 - 1


class NotJsonError(Exception):
    """A value that JSON cannot carry; the text continues "the argument …"."""


def type_of(value: object, depth: int = JSON_DEPTH) -> JsonType:
    """The JSON type of a value, after a look at every value inside it.

    Raises:
        NotJsonError: It, or a value inside it, is none.
    """
    if isinstance(value, str):
        if not value.isascii():
            _check_unicode(value)
        return "string"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        _check_finite(value)
        return "number"
    return _container_type(value, depth)


def _container_type(value: object, depth: int) -> JsonType:
    if depth == 0:
        raise NotJsonError(f"must not be nested deeper than {JSON_DEPTH} levels")
    if isinstance(value, list | tuple):
        for item in cast("Sequence[object]", value):
            type_of(item, depth - 1)
        return "array"
    if isinstance(value, dict):
        for key, item in cast("dict[object, object]", value).items():
            if not isinstance(key, str):
                raise NotJsonError("must have strings as the keys of its objects")
            if not key.isascii():
                _check_unicode(key)
            type_of(item, depth - 1)
        return "object"
    raise NotJsonError(f"must be a JSON value, not {type(value).__name__}")


def _check_unicode(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise NotJsonError("must be valid Unicode text") from error


def _check_finite(value: float) -> None:
    if isinstance(value, int):
        if not -JSON_INTEGER - 1 <= value <= JSON_INTEGER:
            raise NotJsonError("must be a number of at most 64 bits: use a string")
    elif not math.isfinite(value):
        raise NotJsonError(f"must be a finite number: JSON has no {value}")
