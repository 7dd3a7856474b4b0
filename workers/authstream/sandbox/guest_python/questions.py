"""What the runs of a guest have asked the worker and not been answered."""

# ruff: noqa: ANN401 - an answer is JSON
from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from typing import Any

from .check import ApiError
from .event import dump, parse, snake


class Questions:
    """Open questions by run; each is a future that the worker's answer settles."""

    def __init__(self, send: Callable[[int, str], None]) -> None:
        self._send = send
        self._numbers = itertools.count(1)
        self._open: dict[int, dict[int, asyncio.Future[Any]]] = {}

    async def ask(self, run: int, path: str, arguments: list[Any]) -> Any:
        """The worker's answer.

        Raises:
            ApiError: It has none, and says why.
        """
        number = next(self._numbers)
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._open.setdefault(run, {})[number] = future
        self._send(run, dump({"call": number, "name": path, "arguments": arguments}))
        answer = await future
        if "error" in answer:
            raise ApiError(f"api.{snake(path)}: {answer['error']}")
        return answer["result"]

    def answer(self, run: int, text: str) -> None:
        """Settle the question that a REPLY is about."""
        said = parse(text)
        future = self._open.get(run, {}).pop(said["call"], None)
        if future is not None and not future.done():
            future.set_result(said)

    def end(self, run: int) -> None:
        """A run is over: whoever still waits in it is told so."""
        for future in self._open.pop(run, {}).values():
            future.cancel()
