"""What one run does to `api`: its commands in order, as JSON text made at each call."""

# ruff: noqa: ANN401 - an action may pass anything, and events are a stranger's JSON
from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, cast

from .check import ApiError, check, normal
from .event import dump, snake
from .view import View

#: One method of the table, with the fields of `contracts/api/method.py` that are not at a default.
Row = dict[str, Any]
#: Rules of a method besides those of its arguments; most have none.
_RULES = ("handlers", "guards", "conflicts", "quota", "total")
#: Asks the worker: path and arguments to the answer.
Ask = Callable[[str, list[Any]], Coroutine[Any, Any, Any]]


class Recorder:
    """One run: what it may still call, what it has called, and where its questions go."""

    def __init__(
        self,
        view: View,
        *,
        handler: str,
        calls: Mapping[str, int],
        commands_bytes: int,
        part: Callable[[str], object],
        ask: Ask,
    ) -> None:
        self.commands: list[str] = []
        self.api: object = None
        #: Ends the run as failed, even if the action caught it.
        self.fatal: ApiError | None = None
        self._loop = asyncio.get_running_loop()
        self._view = view
        self._handler = handler
        self._calls = dict(calls)
        self._left = commands_bytes
        self._part = part
        self._ask = ask
        self._made: set[str] = set()
        self._totals: dict[str, dict[str, Any]] = {}
        self._closed = False

    def close(self) -> None:
        """The run is over: later calls are refused."""
        self._closed, self.api = True, None

    def call(self, row: Row, arguments: list[Any]) -> Any:
        """Do what the table says about this method.

        Raises:
            ApiError: The run is over, or an argument is not legal.
        """
        if self._closed:
            raise ApiError(f"{row['where']} was called after the action had ended")
        kind = row.get("kind", "command")
        if kind == "query":
            return self._query(row, arguments)
        if kind == "local":
            return self._local(row, arguments)
        whole = arguments[0] if row.get("object_form") and len(arguments) == 1 else None
        if isinstance(whole, dict):
            for pair in list(cast("dict[object, object]", whole).items()):
                self._record(row, list(pair))
        else:
            self._record(row, arguments)
        return self.api if row.get("chains", True) else None

    def _local(self, row: Row, arguments: list[Any]) -> Any:
        owner, _, name = row["path"].partition(".")
        if row.get("checked", True):
            arguments = _checked(row, arguments)
        return getattr(self._part(owner), snake(name))(*arguments)

    def _query(self, row: Row, arguments: list[Any]) -> Any:
        """A coroutine; in the thread of a plain handler, which cannot await, the answer itself."""
        answer = self._answer(row, arguments)
        try:
            running = asyncio.get_running_loop()
        except RuntimeError:
            return asyncio.run_coroutine_threadsafe(answer, self._loop).result()
        if running is self._loop:
            return answer
        return asyncio.wrap_future(asyncio.run_coroutine_threadsafe(answer, self._loop))

    async def _answer(self, row: Row, arguments: list[Any]) -> Any:
        return await self._ask(row["path"], _checked(row, arguments))

    def _record(self, row: Row, arguments: list[Any]) -> None:
        where = row["where"]
        if row["ruled"]:
            self._check_call(row)
        arguments = _checked(row, arguments)
        text = dump([row["path"], *arguments])
        size = len(text.encode()) + 1
        if size > self._left:
            raise ApiError(f"{where}: the commands of one action are too large together")
        if row["ruled"]:
            self._count(row, arguments)
        if "effect" in row and row["effect"].get("at_once"):
            self._view.show(row["effect"], arguments, where)
        self._left -= size
        self._made.add(row["path"])
        self.commands.append(text)

    def _check_call(self, row: Row) -> None:
        """Whether the method may be called now, whatever its arguments."""
        if "handlers" in row and self._handler not in row["handlers"]:
            names = ", ".join(snake(name) for name in row["handlers"])
            raise ApiError(f"{row['where']} can only be called in {names}")
        for guard in row.get("guards", ()):
            self._view.guard(guard)
        for conflict in row.get("conflicts", ()):
            if conflict["path"] in self._made:
                self.fatal = ApiError(conflict["message"])
                raise self.fatal
        quota = row.get("quota")
        if quota and self._calls.get(quota["group"], 0) >= quota["at_most"]:
            raise ApiError(quota["message"])

    def _count(self, row: Row, arguments: list[Any]) -> None:
        """Add a call to its quota and total. Raises ApiError."""
        if total := row.get("total"):
            kept = self._totals.setdefault(total["group"], {})
            changed = {**kept, arguments[0]: arguments[1]}
            if len(dump(changed).encode()) > total["max_bytes"]:
                raise ApiError(total["message"])
            kept.update(changed)
        if quota := row.get("quota"):
            self._calls[quota["group"]] = self._calls.get(quota["group"], 0) + 1


def prepare(row: Row) -> None:
    """Make once, before the action runs, what every call needs."""
    row["where"] = f"api.{snake(row['path'])}"
    row["ruled"] = any(rule in row for rule in _RULES)
    row["changes"] = any("trimmed" in rule or "items" in rule for rule in row["parameters"])


def _checked(row: Row, given: list[Any]) -> list[Any]:
    """The arguments as they are recorded. Raises ApiError."""
    rules, where = row["parameters"], row["where"]
    if row["changes"]:
        given = [normal(rule, value) for rule, value in zip(rules, given, strict=False)]
    for rule in rules[len(given) :]:
        if "default" in rule:
            given = [*given, rule["default"]]
        elif not rule.get("optional"):
            raise ApiError(f"{where} needs the argument {snake(rule['name'])}")
    for rule, value in zip(rules, given, strict=False):
        check(rule, value, where)
    return given
