"""The reference page of the action api, rendered from the table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from authstream.contracts.api import METHODS, TRIGGERS, Effect, Method, Parameter, python_path
from authstream.contracts.markdown import code, page, table

_INTRO = (
    "A **command** is recorded and becomes part of the verdict; a **query** is answered by the "
    "worker, so it is awaited; a **local** method is answered inside the action's own process. In "
    "JavaScript the methods are called as Auth0 spells them, in Python in snake_case, where "
    "members of a last object may be given as keywords. A call with an argument outside its limits "
    "throws `ApiError`, in Auth0's words where they are published. Every command returns `api`, so "
    "calls can be chained; Auth0 returns it from most. Lengths are counted in code points."
)
_FORMS = {
    "min_length": "at least {} characters",
    "max_length": "at most {} characters",
    "max_bytes": "at most {} bytes",
    "minimum": "at least {}",
    "maximum": "at most {}",
    "pattern": "matches `{}`",
    "min_items": "at least {} items",
    "max_items": "at most {} items",
}
#: Objects in objects that a table still shows.
_LEVELS = 3
_SEEN = {True: "this and later actions", False: "later actions"}


def api_page() -> str:
    """`docs/reference/api.md`."""
    owners: dict[str, list[Method]] = defaultdict(list)
    for method in METHODS:
        owners[method.path.partition(".")[0]].append(method)
    return page("The action api", _INTRO, *(_owner(*owner) for owner in owners.items()))


def _owner(name: str, methods: Iterable[Method]) -> str:
    heads = ("method", "triggers", "kind", "what", "differs from Auth0")
    found = list(methods)
    rows = [_method(method) for method in found]
    python = python_path(name)
    said = f"In Python `api.{python}`." if python != name else ""
    parts = [f"## {name}", said, table(heads, rows)]
    limits = [row for method in found for row in _parameters(method)]
    if limits:
        parts.append(table(("method", "parameter", "type", "limits"), limits))
    return "\n\n".join(part for part in parts if part)


def _signature(method: Method) -> str:
    names = (f"{one.name}?" if one.optional else one.name for one in method.parameters)
    return code(f"{method.path}({', '.join(names)})")


def _method(method: Method) -> tuple[str, ...]:
    triggers = "all" if method.triggers == TRIGGERS else ", ".join(sorted(method.triggers))
    return (
        _signature(method),
        triggers,
        method.kind,
        " ".join([method.about, *_notes(method)]),
        method.differs,
    )


def _notes(method: Method) -> Iterator[str]:
    if method.object_form:
        yield "Also takes one object: each of its members is set."
    if method.handlers:
        yield f"Only in {', '.join(code(handler) for handler in method.handlers)}."
    if method.quota:
        yield f"At most {method.quota.at_most} in a transaction{_together(method)}."
    if method.total:
        yield f"At most {method.total.max_bytes} bytes in one action."
    if method.effect:
        yield _effect(method.effect)


def _together(method: Method) -> str:
    """Whether a quota counts other methods too."""
    group = {one.path for one in METHODS if one.quota == method.quota}
    return ", counted with the others of its kind" if len(group) > 1 else ""


def _effect(effect: Effect) -> str:
    limits = [f"at most {effect.max_entries} entries"] if effect.max_entries else []
    limits += [f"at most {effect.max_total_bytes} bytes in all"] if effect.max_total_bytes else []
    seen = _SEEN[effect.at_once].capitalize()
    return f"{seen} see it in `event.{effect.path}`{''.join(f', {one}' for one in limits)}."


def _parameters(method: Method) -> Iterator[tuple[str, str, str, str]]:
    for parameter in method.parameters:
        for name, types, limits in _rows(parameter, parameter.name, _LEVELS):
            yield _signature(method), code(name), types, limits


def _rows(parameter: Parameter, name: str, levels: int) -> Iterator[tuple[str, str, str]]:
    yield name, " or ".join(parameter.types) or "any JSON value", "; ".join(_limits(parameter))
    if not levels:
        return
    for member in parameter.members:
        yield from _rows(member, f"{name}.{member.name}", levels - 1)
    if parameter.items is not None:
        yield from _rows(parameter.items, f"{name}[]", levels - 1)
    if parameter.entries is not None and parameter.entries.value is not None:
        yield from _rows(parameter.entries.value, f"{name}.*", levels - 1)


def _limits(parameter: Parameter) -> Iterator[str]:
    if parameter.optional:
        yield "optional"
    if parameter.trimmed:
        yield "white space around it is taken off"
    for member, form in _FORMS.items():
        if (value := getattr(parameter, member)) is not None:
            yield form.format(value)
    if parameter.integer:
        yield "a whole number"
    if parameter.enum:
        yield f"one of {', '.join(code(value) for value in parameter.enum)}"
    if parameter.safe:
        yield "a safe number"
    for forbidden in parameter.forbidden:
        yield f"not {code(forbidden.value)}"
    if parameter.entries is not None:
        yield from _entries(parameter)


def _entries(parameter: Parameter) -> Iterator[str]:
    entries = parameter.entries
    if entries is None:
        return
    others = "other members" if parameter.members and not entries.counts_all else "members"
    if entries.at_most is not None:
        yield f"at most {entries.at_most} {others}"
    if entries.name is not None:
        yield from (f"their names {limit}" for limit in _limits(entries.name))
