"""What one run does to `api`: its commands in order, as JSON text made at each call."""

# ruff: noqa: ANN401 - an action may pass anything, and events are a stranger's JSON
from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, cast

from .check import ApiError, check, normal
from .event import dump, snake
from .view import View

#: One method of the table, with the fields of `contracts/api/method.py` that are not at a default.
Row = dict[str, Any]
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
        parts: Mapping[str, object],
        ask: Ask,
    ) -> None:
        self.commands: list[str] = []
        self.api: object = None
        #: Ends the run as failed, even if the action caught it.
        self.fatal: ApiError | None = None
        self._loop = asyncio.get_running_loop()
        self._view = view
        self._handler = handler
        self._calls = Counter(calls)
        self._left = commands_bytes
        self._parts = parts
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
            raise ApiError(f"{_where(row)} was called after the action had ended")
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
        return getattr(self._parts[owner], snake(name))(*arguments)

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
        where, path = _where(row), row["path"]
        self._check_call(row)
        arguments = _checked(row, arguments)
        text = dump([path, *arguments])
        size = len(text.encode()) + 1
        if size > self._left:
            raise ApiError(f"{where}: the commands of one action are too large together")
        self._check_total(row, arguments)
        if "effect" in row and row["effect"].get("at_once"):
            self._view.show(row["effect"], arguments, where)
        self._left -= size
        self._made.add(path)
        self._calls[row.get("quota", {}).get("group", "")] += 1
        self.commands.append(text)

    def _check_call(self, row: Row) -> None:
        """Whether the method may be called now, whatever its arguments."""
        if "handlers" in row and self._handler not in row["handlers"]:
            names = ", ".join(snake(name) for name in row["handlers"])
            raise ApiError(f"{_where(row)} can only be called in {names}")
        for guard in row.get("guards", ()):
            self._view.guard(guard)
        for conflict in row.get("conflicts", ()):
            if conflict["path"] in self._made:
                self.fatal = ApiError(conflict["message"])
                raise self.fatal
        quota = row.get("quota")
        if quota and self._calls[quota["group"]] >= quota["at_most"]:
            raise ApiError(quota["message"])

    def _check_total(self, row: Row, arguments: list[Any]) -> None:
        total = row.get("total")
        if total is None:
            return
        kept = self._totals.setdefault(total["group"], {})
        changed = {**kept, arguments[0]: arguments[1]}
        if len(dump(changed).encode()) > total["max_bytes"]:
            raise ApiError(total["message"])
        kept.update(changed)


def _where(row: Row) -> str:
    return f"api.{snake(row['path'])}"


def _checked(row: Row, arguments: list[Any]) -> list[Any]:
    """The arguments as they are recorded. Raises ApiError."""
    rules, where = row["parameters"], _where(row)
    given = [normal(rule, value) for rule, value in zip(rules, arguments, strict=False)]
    for rule in rules[len(arguments) :]:
        if "default" in rule:
            given.append(rule["default"])
        elif not rule.get("optional"):
            raise ApiError(f"{where} needs the argument {snake(rule['name'])}")
    for rule, value in zip(rules, given, strict=False):
        check(rule, value, where)
    return given
