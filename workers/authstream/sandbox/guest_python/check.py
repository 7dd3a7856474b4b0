"""The table's rules for the arguments of a call, checked where the action makes it."""

# ruff: noqa: ANN401 - an action may pass anything, and events are a stranger's JSON
from __future__ import annotations

import math
import re
from typing import Any, NoReturn, cast

from .event import dump

#: As `contracts/api.py`, which the worker checks by.
JSON_DEPTH = 100
SAFE_INTEGER = 2**53 - 1
JSON_INTEGER = 2**63 - 1

#: One parameter of the table, with the limits it has.
Rule = dict[str, Any]


class ApiError(ValueError):
    """A call on `api` that is not legal, raised where it is made."""


class _BrokenError(Exception):
    """A rule is broken; the text says which, the caller knows whose."""


def check(rule: Rule, value: object, where: str) -> None:
    """Check one argument; `where` is the method in the author's spelling.

    Raises:
        ApiError: The first rule that is broken.
    """
    try:
        kind = _json_type(value, JSON_DEPTH)
        if "types" in rule and kind not in rule["types"]:
            _refuse_type(rule["types"], kind)
        if kind in _LIMITS:
            _LIMITS[kind](rule, value, where)
        if "max_bytes" in rule:
            _check_size(rule["max_bytes"], value)
    except _BrokenError as broken:
        raise ApiError(f"{where}: {rule['name']} {broken}") from None


def _refuse_type(types: list[str], kind: str) -> NoReturn:
    raise _BrokenError(f"must be of type {' or '.join(types)}, not {kind}")


def encodes(text: str) -> bool:
    """False for text with lone surrogates, which JSON readers refuse."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _json_type(value: Any, depth: int) -> str:
    """The JSON type of a value, after a look at every value inside it."""
    if isinstance(value, str):
        if not value.isascii() and not encodes(value):
            raise _BrokenError("must be valid Unicode text")
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
        raise _BrokenError(f"must not be nested deeper than {JSON_DEPTH} levels")
    if isinstance(value, list | tuple):
        for item in cast("list[object]", value):
            _json_type(item, depth - 1)
        return "array"
    if isinstance(value, dict):
        for key, item in cast("dict[object, object]", value).items():
            if not isinstance(key, str):
                raise _BrokenError("must have strings as the keys of its objects")
            _json_type(key, depth)
            _json_type(item, depth - 1)
        return "object"
    raise _BrokenError(f"must be a JSON value, not {type(value).__name__}")


def _check_finite(value: float) -> None:
    if isinstance(value, int):
        if not -JSON_INTEGER - 1 <= value <= JSON_INTEGER:
            raise _BrokenError("must be a number of at most 64 bits: use a string")
    elif not math.isfinite(value):
        raise _BrokenError(f"must be a finite number: JSON has no {value}")


def _check_text(rule: Rule, value: str, where: str) -> None:  # noqa: ARG001 - one of `_LIMITS`
    for forbidden in rule.get("forbidden", ()):
        if value == forbidden["value"]:
            raise ApiError(forbidden["message"])
    if "enum" in rule and value not in rule["enum"]:
        raise _BrokenError(f"must be one of {', '.join(rule['enum'])}")
    if "min_length" in rule and len(value) < rule["min_length"]:
        raise _BrokenError(f"must have at least {rule['min_length']} characters")
    if "max_length" in rule and len(value) > rule["max_length"]:
        raise _BrokenError(f"must not exceed {rule['max_length']} characters")
    if "pattern" in rule and not re.fullmatch(rule["pattern"], value):
        raise _BrokenError(f"must match {rule['pattern']}")


def _check_number(rule: Rule, value: float, where: str) -> None:  # noqa: ARG001 - as above
    if "safe" in rule and abs(value) > SAFE_INTEGER:
        raise _BrokenError(f"must be a safe number: at most {SAFE_INTEGER}")
    if "minimum" in rule and value < rule["minimum"]:
        raise _BrokenError(f"must be at least {rule['minimum']}")
    if "maximum" in rule and value > rule["maximum"]:
        raise _BrokenError(f"must be at most {rule['maximum']}")


def _check_members(rule: Rule, value: dict[str, Any], where: str) -> None:
    members = rule.get("members")
    if members is None:
        return
    for name in value.keys() - {member["name"] for member in members}:
        raise _BrokenError(f"has no member {name}")
    for member in members:
        if member["name"] in value:
            check(member, value[member["name"]], f"{where}: {rule['name']}")
        elif not member.get("optional"):
            raise _BrokenError(f"needs the member {member['name']}")


def _check_size(limit: int, value: object) -> None:
    if len((value if isinstance(value, str) else dump(value)).encode()) > limit:
        raise _BrokenError(f"must not exceed {limit} bytes")


_LIMITS: dict[str, Any] = {
    "string": _check_text,
    "number": _check_number,
    "object": _check_members,
}
