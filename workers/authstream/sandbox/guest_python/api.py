"""The `api` object of one run, built from the table: it checks, records, and changes the event."""

# ruff: noqa: ANN401 - an action may pass anything, and events are a stranger's JSON
from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Any, cast

from .cache import Cache
from .check import ApiError, check
from .event import Record, dump, missing

#: One method of the table: path, parameters, kind, chains, effect, object_form.
Row = dict[str, Any]


@functools.cache
def snake(name: str) -> str:
    """`setCustomClaim` in Python's spelling."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


class Recorder:
    """What one run did to `api`: its commands in order, as JSON text made at each call."""

    def __init__(self, event: Record, cache: Cache, commands_bytes: int) -> None:
        self.commands: list[str] = []
        self.api: object = None
        self._closed = False
        self._event = event
        self._cache = cache
        self._left = commands_bytes

    def close(self) -> None:
        """The run is over: later calls are refused."""
        self._closed, self.api = True, None

    def call(self, row: Row, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Do what the table says about this method.

        Raises:
            ApiError: The run is over, or an argument is not legal.
        """
        if self._closed:
            raise ApiError(f"api.{snake(row['path'])} was called after the action had ended")
        arguments = _bind(row, args, kwargs)
        if row.get("kind") == "local":
            return getattr(self._cache, row["path"].partition(".")[2])(*arguments)
        whole = arguments[0] if row.get("object_form") and len(arguments) == 1 else None
        if isinstance(whole, dict):
            for pair in list(cast("dict[object, object]", whole).items()):
                self._record(row, list(pair))
        else:
            self._record(row, arguments)
        return self.api if row.get("chains", True) else None

    def _record(self, row: Row, arguments: list[Any]) -> None:
        where = f"api.{snake(row['path'])}"
        _check(row, arguments, where)
        text = dump([row["path"], *arguments])
        size = len(text.encode()) + 1
        if size > self._left:
            raise ApiError(f"{where}: the commands of one action are too large together")
        if "effect" in row and row["effect"].get("at_once"):
            self._show(row["effect"], arguments, where)
        self._left -= size
        self.commands.append(text)

    def _show(self, effect: dict[str, Any], arguments: list[Any], where: str) -> None:
        key, value = arguments
        target = reach(self._event, effect["path"])
        changed = {name: item for name, item in target.items() if name != key}
        if value is not None:
            changed[key] = value
        limit = effect.get("max_total_bytes")
        if limit is not None and len(dump(changed).encode()) > limit:
            raise ApiError(f"{where}: all of it together must not exceed {limit} bytes")
        target.clear()
        target.update(changed)


def reach(event: Record, path: str) -> Record:
    """The object at a dotted path of the event, made where there is none."""
    for name in path.split("."):
        if not isinstance(event.get(name), dict):
            event[name] = Record()
        event = event[name]
    return event


def apply(event: Record, operations: list[list[Any]]) -> None:
    """Make earlier commands visible: `["set", path, key, value]`, `["unset", path, key]`."""
    for verb, path, key, *value in operations:
        target = reach(event, path)
        if verb == "set":
            target[key] = value[0]
        else:
            target.pop(key, None)


def build(table: list[Row]) -> Callable[[Recorder], object]:
    """A function that makes the `api` object of a run."""
    objects: dict[str, dict[str, Any]] = {}
    for row in table:
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
        return self.recorder.call(row, args, kwargs)

    call.__name__ = call.__qualname__ = snake(row["path"])
    return call


def _bind(row: Row, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
    """Positional and keyword arguments in the table's order; the last ones may be missing.

    Members of a trailing options object are keywords too: `send(kind, payload, on="denied")`.
    """
    rules, where = row["parameters"], f"api.{snake(row['path'])}"
    if len(args) > len(rules):
        raise ApiError(f"{where} takes at most {len(rules)} arguments, not {len(args)}")
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
        elif name in members:
            chosen[name] = value
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


def _check(row: Row, arguments: list[Any], where: str) -> None:
    rules = row["parameters"]
    for rule in rules[len(arguments) :]:
        if not rule.get("optional"):
            raise ApiError(f"{where} needs the argument {snake(rule['name'])}")
    for rule, value in zip(rules, arguments, strict=False):
        check(rule, value, where)
