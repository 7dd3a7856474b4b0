"""The `api` object of one run, built from the table: names, arguments, and what they go to."""

# ruff: noqa: ANN401 - an action may pass anything, and events are a stranger's JSON
from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from .check import ApiError
from .event import missing, snake
from .recorder import Recorder, Row, prepare


def build(table: list[Row]) -> Callable[[Recorder], object]:
    """A function that makes the `api` object of a run."""
    objects: dict[str, dict[str, Any]] = {}
    for row in table:
        prepare(row)
        owner, _, name = row["path"].partition(".")
        objects.setdefault(snake(owner), {"__slots__": ()})[snake(name)] = _method(row)
    classes: dict[str, Any] = {
        name: type(name, (_Part,), members) for name, members in objects.items()
    }
    members: dict[str, Any] = {name: property(made) for name, made in classes.items()}
    api_class = type("Api", (_Part,), {"__slots__": (), **members})

    def make(recorder: Recorder) -> object:
        recorder.api = api_class(recorder)
        return recorder.api

    return make


class _Part:
    """`api` or one of its objects; both know only the run they belong to."""

    __slots__ = ("recorder",)

    def __init__(self, owner: Recorder | _Part) -> None:
        self.recorder: Recorder = owner.recorder if isinstance(owner, _Part) else owner

    def __getattr__(self, name: str) -> Any:
        names = [known for known in dir(type(self)) if known[0] != "_" and known != "recorder"]
        raise AttributeError(missing(name, names, "api has what its trigger has"))


def _method(row: Row) -> Callable[..., Any]:
    def call(self: _Part, /, *args: Any, **kwargs: Any) -> Any:
        return self.recorder.call(row, _bind(row, args, kwargs))

    call.__name__ = call.__qualname__ = snake(row["path"])
    return call


def _bind(row: Row, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
    """Positional and keyword arguments in the table's order; the last ones may be missing.

    Members of a trailing options object are keywords too: `send(kind, payload, on="denied")`.
    """
    rules, where = row["parameters"], row["where"]
    args = args[: len(rules)]  # as in JavaScript, more arguments say nothing
    if not kwargs and not (rules and "members" in rules[-1]):
        return list(args)
    given = dict(zip((rule["name"] for rule in rules), args, strict=False))
    names = {snake(rule["name"]): rule["name"] for rule in rules}
    options: Row = {"name": "", "members": []}
    if rules and "members" in rules[-1]:
        options = rules[-1]
    members = {snake(member["name"]): member["name"] for member in options["members"]}
    chosen: dict[object, Any] = {}
    for name, value in kwargs.items():
        if name in names and names[name] not in given:
            given[names[name]] = value
        elif name.rstrip("_") in members:  # `from_`, as `from` is a word of the language
            chosen[name.rstrip("_")] = value
        else:
            raise ApiError(f"{where} does not take {name}= here")
    whole = given.get(options["name"])
    merged = (
        {**cast("dict[object, object]", whole), **chosen} if isinstance(whole, dict) else chosen
    )
    if merged or isinstance(whole, dict):
        given[options["name"]] = {members.get(str(k), k): value for k, value in merged.items()}
    return _in_order(rules, given, where)


def _in_order(rules: list[dict[str, Any]], given: dict[str, Any], where: str) -> list[Any]:
    arguments: list[Any] = []
    for rule in rules:
        if rule["name"] in given:
            arguments.append(given[rule["name"]])
        elif len(arguments) < len(given):
            raise ApiError(f"{where} needs the argument {snake(rule['name'])}")
    return arguments
