"""The event of one run, as its own commands and those of earlier actions change it."""

# ruff: noqa: ANN401 - an action may pass anything, and events are a stranger's JSON
from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from .check import ApiError
from .event import Record, dump

#: What the table says of a command's effect, by its path.
Effects = dict[str, dict[str, Any]]


class View:
    """What an action may see of what was asked for, and what the limits are counted on."""

    def __init__(self, event: Record, effects: Effects) -> None:
        self.event = event
        self._effects = effects
        #: Stands in for members that the event has not and must not get.
        self._hidden = Record()

    def apply(self, operations: Iterable[list[Any]]) -> None:
        """Make earlier commands visible: change, path, arguments."""
        for change, path, *arguments in operations:
            self._change(change, path, arguments)

    def show(self, effect: dict[str, Any], arguments: list[Any], where: str) -> None:
        """Make a command of this run visible.

        Raises:
            ApiError: The event would hold more than it may.
        """
        change = effect.get("change", "set")
        if change == "set":
            self._check_set(effect, arguments, where)
        elif change == "include":
            there = self._items(effect["path"])
            if arguments[0] not in there and len(there) >= effect["max_entries"]:
                raise ApiError(effect["full"])
        self._change(change, effect["path"], arguments)

    def guard(self, guard: dict[str, Any]) -> None:
        """Check what the event must be for a call. Raises ApiError."""
        there = self._find(guard["path"])
        legal = {
            "present": there is not None,
            "object": there is None or isinstance(there, dict),
            "not": there != guard.get("value"),
        }
        if not legal[guard["must"]]:
            raise ApiError(guard["message"])

    def _find(self, path: str) -> Any:
        place: Any = self.event
        for name in path.split("."):
            place = place.get(name) if isinstance(place, Record) else None
        return place

    def _check_set(self, effect: dict[str, Any], arguments: list[Any], where: str) -> None:
        key, value = arguments
        if value is None:
            return
        changed = {**self._reach(effect["path"]), key: value}
        if "max_entries" in effect and len(changed) > effect["max_entries"]:
            raise ApiError(effect["full"])
        limit = effect.get("max_total_bytes")
        if limit is not None and len(dump(changed).encode()) > limit:
            raise ApiError(f"{where}: all of it together must not exceed {limit} bytes")

    def _change(self, change: str, path: str, arguments: list[Any]) -> None:
        if change in ("set", "unset", "clear"):
            self._change_object(self._reach(path), change, arguments)
            return
        owner, _, name = path.rpartition(".")
        items = self._items(path) if change in ("include", "exclude", "record") else []
        target = self._reach(owner)
        if change == "put":
            target[name] = arguments[0]
        elif change == "record":
            made = Record(name=arguments[0], timestamp=arguments[1])
            others = (item for item in items if not _is_named(item, arguments[0]))
            target[name] = [*others, made]
        else:
            added = arguments if change == "include" else []
            target[name] = [*(item for item in items if item not in arguments), *added]

    def _change_object(self, target: Record, change: str, arguments: list[Any]) -> None:
        if change == "clear":
            target.clear()
        elif change == "unset" or arguments[1] is None:
            target.pop(arguments[0], None)
        else:
            target[arguments[0]] = arguments[1]

    def _items(self, path: str) -> list[Any]:
        there = self._find(path)
        if not isinstance(there, list):
            found = (self._find(start) for start in self._effects.get(path, {}).get("starts", ()))
            lists = (cast("list[object]", one) for one in found if isinstance(one, list))
            there = next(filter(None, lists), list[object]())
        return [*cast("list[object]", there)]

    def _reach(self, path: str) -> Record:
        """The object at a dotted path, made where there is none; the event itself for no path."""
        names = path.split(".") if path else []
        first = names[0] if names else ""
        place = self.event
        if not isinstance(place.get(first), dict) and self._is_hidden(first):
            place = self._hidden
        for name in names:
            if not isinstance(place.get(name), dict):
                place[name] = Record()
            place = place[name]
        return place

    def _is_hidden(self, first: str) -> bool:
        return any(
            effect.get("existing") and path.partition(".")[0] == first
            for path, effect in self._effects.items()
        )


def _is_named(item: object, name: str) -> bool:
    return isinstance(item, Record) and item.get("name") == name
