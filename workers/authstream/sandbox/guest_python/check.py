"""The table's rules for the arguments of a call, checked where the action makes it."""

# ruff: noqa: ANN401 - an action may pass anything, and events are a stranger's JSON
from __future__ import annotations

import re
from typing import Any, NoReturn, cast

from .event import dump
from .json_value import SAFE_INTEGER, NotJsonError, type_of

#: What JavaScript's `trim` takes off; as `contracts/parameter.py`.
WHITESPACE = (
    " \t\n\v\f\r\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000\ufeff"
)

#: One parameter of the table, with the limits it has.
Rule = dict[str, Any]


class ApiError(ValueError):
    """A call on `api` that is not legal, raised where it is made."""


class _BrokenError(Exception):
    """A rule is broken; the text says which, the caller knows whose."""

    def __init__(self, rule: str, text: str) -> None:
        super().__init__(text)
        self.rule = rule


def normal(rule: Rule, value: Any) -> Any:
    """The argument as it is recorded: trimmed, and without repetitions, where the table says so."""
    if rule.get("trimmed") and isinstance(value, str):
        return value.strip(WHITESPACE)
    if "items" in rule and isinstance(value, list | tuple):
        items = [normal(rule["items"], item) for item in cast("list[Any]", value)]
        return _distinct(items) if rule.get("distinct") else items
    return value


def _distinct(items: list[Any]) -> list[Any]:
    seen: set[str] = set()
    kept: list[Any] = []
    for item in items:
        if not isinstance(item, str) or item not in seen:
            kept.append(item)
        if isinstance(item, str):
            seen.add(item)
    return kept


def check(rule: Rule, value: object, where: str) -> None:
    """Check one argument; `where` is the method in the author's spelling.

    Raises:
        ApiError: The first rule that is broken.
    """
    try:
        kind = type_of(value)
        if "types" in rule and kind not in rule["types"]:
            _refuse_type(rule, kind)
        if kind in _LIMITS:
            _LIMITS[kind](rule, value, where)
        if "max_bytes" in rule:
            _check_size(rule["max_bytes"], value)
    except NotJsonError as error:
        raise ApiError(f"{where}: {rule['name']} {error}") from None
    except _BrokenError as broken:
        for said in rule.get("says", ()):
            if said["rule"] == broken.rule or (said["rule"], broken.rule) == ("types", "absent"):
                raise ApiError(said["message"]) from None
        raise ApiError(f"{where}: {rule['name']} {broken}") from None


def _refuse_type(rule: Rule, kind: str) -> NoReturn:
    types = " or ".join(rule["types"])
    broken = "absent" if kind == "null" else "types"
    raise _BrokenError(broken, f"must be of type {types}, not {kind}{_hint(rule)}")


def _hint(rule: Rule) -> str:
    return f": {rule['hint']}" if "hint" in rule else ""


def _check_text(rule: Rule, value: str, where: str) -> None:  # noqa: ARG001 - one of `_LIMITS`
    for forbidden in rule.get("forbidden", ()):
        if value == forbidden["value"]:
            raise ApiError(forbidden["message"])
    if "enum" in rule and value not in rule["enum"]:
        raise _BrokenError("enum", f"must be one of {', '.join(rule['enum'])}")
    if "min_length" in rule and len(value) < rule["min_length"]:
        raise _BrokenError("min_length", f"must have at least {rule['min_length']} characters")
    if "max_length" in rule and len(value) > rule["max_length"]:
        raise _BrokenError("max_length", f"must not exceed {rule['max_length']} characters")
    if "pattern" in rule and not re.fullmatch(rule["pattern"], value):
        raise _BrokenError("pattern", f"must match {rule['pattern']}")


def _check_number(rule: Rule, value: float, where: str) -> None:  # noqa: ARG001 - as above
    if rule.get("integer") and value != int(value):
        raise _BrokenError("integer", "must be a whole number")
    if "safe" in rule and abs(value) > SAFE_INTEGER:
        raise _BrokenError("maximum", f"must be a safe number: at most {SAFE_INTEGER}")
    if "minimum" in rule and value < rule["minimum"]:
        raise _BrokenError("minimum", f"must be at least {rule['minimum']}")
    if "maximum" in rule and value > rule["maximum"]:
        raise _BrokenError("maximum", f"must be at most {rule['maximum']}")


def _check_items(rule: Rule, value: list[Any], where: str) -> None:
    if "min_items" in rule and len(value) < rule["min_items"]:
        raise _BrokenError("min_items", f"must have at least {rule['min_items']} items")
    if "items" in rule:
        for item in value:
            check(rule["items"], item, f"{where}: {rule['name']}")
    if "max_items" in rule and len(value) > rule["max_items"]:
        raise _BrokenError("max_items", f"must not have more than {rule['max_items']} items")


def _check_object(rule: Rule, value: dict[str, Any], where: str) -> None:
    within = f"{where}: {rule['name']}"
    members = rule.get("members", ())
    known = {member["name"] for member in members}
    others = [name for name in value if name not in known]
    if "entries" in rule:
        entries = rule["entries"]
        _check_count(entries, len(value if entries.get("counts_all") else others))
        _check_entries(entries, {name: value[name] for name in others}, within)
    elif known and others:
        raise _BrokenError("members", f"has no member {others[0]}")
    for member in members:
        if member["name"] in value:
            check(member, value[member["name"]], within)
        elif not member.get("optional"):
            raise _BrokenError("members", f"needs the member {member['name']}{_hint(member)}")


def _check_count(entries: Rule, count: int) -> None:
    if "at_most" in entries and count > entries["at_most"]:
        raise _BrokenError("entries", f"must not have more than {entries['at_most']} members")


def _check_entries(entries: Rule, value: dict[str, Any], within: str) -> None:
    for name, item in value.items():
        if "name" in entries:
            check(entries["name"], name, within)
        if "value" in entries:
            check(entries["value"], item, f"{within}.{name}")


def _check_size(limit: int, value: object) -> None:
    if len((value if isinstance(value, str) else dump(value)).encode()) > limit:
        raise _BrokenError("max_bytes", f"must not exceed {limit} bytes")


_LIMITS: dict[str, Any] = {
    "string": _check_text,
    "number": _check_number,
    "array": _check_items,
    "object": _check_object,
}
