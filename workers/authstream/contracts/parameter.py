"""What an argument of a call on `api` may be, and the check that it is."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Literal, NoReturn, cast

import orjson

from authstream.errors import RecordError

JsonType = Literal["string", "number", "boolean", "null", "array", "object"]
#: JSON nested deeper than this is refused: encoders recurse, and orjson stops at 254.
JSON_DEPTH = 100
#: Integers that any JSON reader keeps exactly (`Number.MAX_SAFE_INTEGER`).
SAFE_INTEGER = 2**53 - 1
#: Integers that fit 64 bits; readers round larger ones silently.
JSON_INTEGER = 2**63 - 1


class CommandRefusedError(RecordError):
    """A call on `api` that the trigger does not have, or with arguments it does not take."""

    code = "command_refused"


@dataclass(frozen=True, slots=True)
class Forbidden:
    """A value that is refused with the documented message."""

    value: str
    message: str


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter, or one member of an options object; no `types` means any JSON value."""

    name: str
    types: tuple[JsonType, ...] = ()
    optional: bool = False
    #: Characters of a string.
    min_length: int | None = None
    max_length: int | None = None
    #: UTF-8 bytes of a string, bytes of the JSON text of anything else.
    max_bytes: int | None = None
    minimum: float | None = None
    maximum: float | None = None
    #: Whole numbers outside `SAFE_INTEGER` are refused.
    safe: bool = False
    enum: tuple[str, ...] = ()
    #: A regular expression that means the same in Python and JavaScript; the whole string matches.
    pattern: str | None = None
    forbidden: tuple[Forbidden, ...] = ()
    #: Members of an options object, all that it may have; empty: any members.
    members: tuple[Parameter, ...] = ()
    #: Derived: has a rule besides `types`. Most have none, and every command is checked.
    limited: bool = field(init=False, repr=False, default=False)

    def __post_init__(self) -> None:
        rules = (f for f in fields(self) if f.name not in {"name", "types", "optional", "limited"})
        limited = any(getattr(self, rule.name) != rule.default for rule in rules)
        object.__setattr__(self, "limited", limited)


class _BrokenError(Exception):
    """A rule is broken; the text says which, the caller knows whose."""


def check(parameter: Parameter, value: object, where: str) -> None:
    """Check one argument; `where` is the method's path.

    Raises:
        CommandRefusedError: The first rule that is broken.
    """
    try:
        kind = _json_type(value, JSON_DEPTH)
        if parameter.types and kind not in parameter.types:
            _refuse_type(parameter, kind)
        if parameter.limited:
            _check_limits(parameter, kind, value, where=where)
    except _BrokenError as broken:
        raise CommandRefusedError(f"api.{where}: {parameter.name} {broken}") from None


def _refuse_type(parameter: Parameter, kind: JsonType) -> NoReturn:
    raise _BrokenError(f"must be of type {' or '.join(parameter.types)}, not {kind}")


def _check_limits(parameter: Parameter, kind: JsonType, value: object, *, where: str) -> None:
    if kind in _LIMITS:
        _LIMITS[kind](parameter, value, where)
    if parameter.max_bytes is not None and _size(value) > parameter.max_bytes:
        raise _BrokenError(f"must not exceed {parameter.max_bytes} bytes")


def _json_type(value: object, depth: int) -> JsonType:
    """The JSON type of a value, after a look at every value inside it."""
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
        raise _BrokenError(f"must not be nested deeper than {JSON_DEPTH} levels")
    if isinstance(value, list | tuple):
        for item in cast("Sequence[object]", value):
            _json_type(item, depth - 1)
        return "array"
    if isinstance(value, dict):
        for key, item in cast("dict[object, object]", value).items():
            if not isinstance(key, str):
                raise _BrokenError("must have strings as the keys of its objects")
            if not key.isascii():
                _check_unicode(key)
            _json_type(item, depth - 1)
        return "object"
    raise _BrokenError(f"must be a JSON value, not {type(value).__name__}")


def _check_unicode(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise _BrokenError("must be valid Unicode text") from error


def _check_finite(value: float) -> None:
    if isinstance(value, int):
        if not -JSON_INTEGER - 1 <= value <= JSON_INTEGER:
            raise _BrokenError("must be a number of at most 64 bits: use a string")
    elif not math.isfinite(value):
        raise _BrokenError(f"must be a finite number: JSON has no {value}")


def _check_text(parameter: Parameter, value: str, where: str) -> None:  # noqa: ARG001 - of _LIMITS
    for forbidden in parameter.forbidden:
        if value == forbidden.value:
            raise CommandRefusedError(forbidden.message)
    if parameter.enum and value not in parameter.enum:
        raise _BrokenError(f"must be one of {', '.join(parameter.enum)}")
    if parameter.min_length is not None and len(value) < parameter.min_length:
        raise _BrokenError(f"must have at least {parameter.min_length} characters")
    if parameter.max_length is not None and len(value) > parameter.max_length:
        raise _BrokenError(f"must not exceed {parameter.max_length} characters")
    if parameter.pattern is not None and not re.fullmatch(parameter.pattern, value):
        raise _BrokenError(f"must match {parameter.pattern}")


def _check_number(parameter: Parameter, value: float, where: str) -> None:  # noqa: ARG001 - of _LIMITS
    if parameter.safe and abs(value) > SAFE_INTEGER:
        raise _BrokenError(f"must be a safe number: at most {SAFE_INTEGER}")
    if parameter.minimum is not None and value < parameter.minimum:
        raise _BrokenError(f"must be at least {parameter.minimum}")
    if parameter.maximum is not None and value > parameter.maximum:
        raise _BrokenError(f"must be at most {parameter.maximum}")


def _check_members(parameter: Parameter, value: dict[str, object], where: str) -> None:
    if not parameter.members:
        return
    for name in value.keys() - {member.name for member in parameter.members}:
        raise _BrokenError(f"has no member {name}")
    for member in parameter.members:
        if member.name in value:
            check(member, value[member.name], f"{where}: {parameter.name}")
        elif not member.optional:
            raise _BrokenError(f"needs the member {member.name}")


_LIMITS: dict[JsonType, Callable[[Parameter, Any, str], None]] = {
    "string": _check_text,
    "number": _check_number,
    "object": _check_members,
}


def _size(value: object) -> int:
    return len(value.encode() if isinstance(value, str) else orjson.dumps(value))
