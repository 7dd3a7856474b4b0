"""What an argument of a call on `api` may be, and the check that it is."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Final, Literal, NoReturn

import orjson

from authstream.contracts.json_value import (
    JSON_DEPTH,
    SAFE_INTEGER,
    JsonType,
    NotJsonError,
    type_of,
)
from authstream.errors import RecordError

__all__ = [
    "ABSENT",
    "JSON_DEPTH",
    "WHITESPACE",
    "CommandRefusedError",
    "Entries",
    "Forbidden",
    "JsonType",
    "Parameter",
    "Rule",
    "Says",
    "check",
]

#: A rule that a value can break; what `Says` gives other words for.
Rule = Literal[
    "absent",  # null, where that is no legal type; said as `types` unless it has words of its own
    "types",
    "enum",
    "min_length",
    "max_length",
    "max_bytes",
    "pattern",
    "minimum",
    "maximum",
    "integer",
    "min_items",
    "max_items",
    "members",
    "entries",
]
#: What JavaScript's `trim` takes off.
WHITESPACE: Final = (
    " \t\n\v\f\r\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000\ufeff"
)
#: No default: the argument must be given, or is left out of the command.
ABSENT: Final = "\0absent"


class CommandRefusedError(RecordError):
    """A call on `api` that the trigger does not have, or with arguments it does not take."""

    code = "command_refused"


@dataclass(frozen=True, slots=True)
class Forbidden:
    """A value that is refused with the documented message."""

    value: str
    message: str


@dataclass(frozen=True, slots=True)
class Says:
    """Auth0's words for a broken rule, where they are published."""

    rule: Rule
    message: str


@dataclass(frozen=True, slots=True)
class Entries:
    """Members of an object that is a dictionary: any names, all under the same rules."""

    name: Parameter | None = None
    value: Parameter | None = None
    at_most: int | None = None
    #: `at_most` counts the members with rules of their own too.
    counts_all: bool = False


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter, or one member of an options object; no `types` means any JSON value."""

    name: str
    types: tuple[JsonType, ...] = ()
    optional: bool = False
    #: Recorded when the argument is not given; `ABSENT`: nothing is.
    default: object = ABSENT
    #: White space at the ends of a string is taken off before anything else is looked at.
    trimmed: bool = False
    #: Repetitions in an array are taken out.
    distinct: bool = False
    #: Characters of a string.
    min_length: int | None = None
    max_length: int | None = None
    #: UTF-8 bytes of a string, bytes of the JSON text of anything else.
    max_bytes: int | None = None
    minimum: float | None = None
    maximum: float | None = None
    #: Only whole numbers.
    integer: bool = False
    #: Whole numbers outside `SAFE_INTEGER` are refused.
    safe: bool = False
    enum: tuple[str, ...] = ()
    #: Values that mean something, for authors' editors; others are taken too.
    suggests: tuple[str, ...] = ()
    #: A regular expression that means the same in Python and JavaScript; the whole string matches.
    pattern: str | None = None
    forbidden: tuple[Forbidden, ...] = ()
    #: Of an array.
    items: Parameter | None = None
    min_items: int | None = None
    max_items: int | None = None
    #: Members of an object, all that it may have unless `entries` allows others.
    members: tuple[Parameter, ...] = ()
    entries: Entries | None = None
    says: tuple[Says, ...] = ()
    #: What to look at where it is missing or of another type.
    hint: str = ""
    #: Derived: has a rule besides `types`. Most have none, and every command is checked.
    limited: bool = field(init=False, repr=False, default=False)

    def __post_init__(self) -> None:
        plain = {"name", "types", "optional", "default", "says", "suggests", "hint", "limited"}
        rules = (rule for rule in fields(self) if rule.name not in plain)
        limited = any(getattr(self, rule.name) != rule.default for rule in rules)
        object.__setattr__(self, "limited", limited)


class _BrokenError(Exception):
    """A rule is broken; the text says which, the caller knows whose."""

    def __init__(self, rule: Rule | None, text: str) -> None:
        super().__init__(text)
        self.rule = rule


def check(parameter: Parameter, value: object, where: str) -> None:
    """Check one argument; `where` is the method's path.

    Raises:
        CommandRefusedError: The first rule that is broken.
    """
    try:
        kind = type_of(value)
        if parameter.types and kind not in parameter.types:
            _refuse_type(parameter, kind)
        if parameter.limited:
            _check_limits(parameter, kind, value, where=where)
    except NotJsonError as error:
        raise CommandRefusedError(f"api.{where}: {parameter.name} {error}") from None
    except _BrokenError as broken:
        for said in parameter.says:
            if said.rule == broken.rule or (said.rule, broken.rule) == ("types", "absent"):
                raise CommandRefusedError(said.message) from None
        raise CommandRefusedError(f"api.{where}: {parameter.name} {broken}") from None


def _refuse_type(parameter: Parameter, kind: JsonType) -> NoReturn:
    types = " or ".join(parameter.types)
    rule: Rule = "absent" if kind == "null" else "types"
    raise _BrokenError(rule, f"must be of type {types}, not {kind}{_hint(parameter)}")


def _hint(parameter: Parameter) -> str:
    return f": {parameter.hint}" if parameter.hint else ""


def _check_limits(parameter: Parameter, kind: JsonType, value: object, *, where: str) -> None:
    if kind in _LIMITS:
        _LIMITS[kind](parameter, value, where)
    if parameter.max_bytes is not None and _size(value) > parameter.max_bytes:
        raise _BrokenError("max_bytes", f"must not exceed {parameter.max_bytes} bytes")


def _check_text(parameter: Parameter, value: str, where: str) -> None:  # noqa: ARG001 - of _LIMITS
    if parameter.trimmed:
        value = value.strip(WHITESPACE)
    for forbidden in parameter.forbidden:
        if value == forbidden.value:
            raise CommandRefusedError(forbidden.message)
    if parameter.enum and value not in parameter.enum:
        raise _BrokenError("enum", f"must be one of {', '.join(parameter.enum)}")
    if parameter.min_length is not None and len(value) < parameter.min_length:
        raise _BrokenError("min_length", f"must have at least {parameter.min_length} characters")
    if parameter.max_length is not None and len(value) > parameter.max_length:
        raise _BrokenError("max_length", f"must not exceed {parameter.max_length} characters")
    if parameter.pattern is not None and not re.fullmatch(parameter.pattern, value):
        raise _BrokenError("pattern", f"must match {parameter.pattern}")


def _check_number(parameter: Parameter, value: float, where: str) -> None:  # noqa: ARG001 - of _LIMITS
    if parameter.integer and value != int(value):
        raise _BrokenError("integer", "must be a whole number")
    if parameter.safe and abs(value) > SAFE_INTEGER:
        raise _BrokenError("maximum", f"must be a safe number: at most {SAFE_INTEGER}")
    if parameter.minimum is not None and value < parameter.minimum:
        raise _BrokenError("minimum", f"must be at least {parameter.minimum}")
    if parameter.maximum is not None and value > parameter.maximum:
        raise _BrokenError("maximum", f"must be at most {parameter.maximum}")


def _check_items(parameter: Parameter, value: Sequence[object], where: str) -> None:
    if parameter.min_items is not None and len(value) < parameter.min_items:
        raise _BrokenError("min_items", f"must have at least {parameter.min_items} items")
    if parameter.items is not None:
        for item in value:
            check(parameter.items, item, f"{where}: {parameter.name}")
    if parameter.max_items is not None and len(value) > parameter.max_items:
        raise _BrokenError("max_items", f"must not have more than {parameter.max_items} items")


def _check_object(parameter: Parameter, value: dict[str, object], where: str) -> None:
    within = f"{where}: {parameter.name}"
    known = {member.name for member in parameter.members}
    others = [name for name in value if name not in known]
    entries = parameter.entries
    if entries is not None:
        _check_count(entries, len(value if entries.counts_all else others))
        _check_entries(entries, {name: value[name] for name in others}, within)
    elif known and others:
        raise _BrokenError("members", f"has no member {others[0]}")
    for member in parameter.members:
        if member.name in value:
            check(member, value[member.name], within)
        elif not member.optional:
            raise _BrokenError("members", f"needs the member {member.name}{_hint(member)}")


def _check_count(entries: Entries, count: int) -> None:
    if entries.at_most is not None and count > entries.at_most:
        raise _BrokenError("entries", f"must not have more than {entries.at_most} members")


def _check_entries(entries: Entries, value: dict[str, object], within: str) -> None:
    for name, item in value.items():
        if entries.name is not None:
            check(entries.name, name, within)
        if entries.value is not None:
            check(entries.value, item, f"{within}.{name}")


_LIMITS: dict[JsonType, Callable[[Parameter, Any, str], None]] = {
    "string": _check_text,
    "number": _check_number,
    "array": _check_items,
    "object": _check_object,
}


def _size(value: object) -> int:
    return len(value.encode() if isinstance(value, str) else orjson.dumps(value))
