"""What an action prints and logs, kept per run and never mixed with frames."""

from __future__ import annotations

import asyncio
import contextvars
import io
import logging
import os
import sys
from collections.abc import Coroutine, Generator
from typing import Any

from .action import describe

#: The console of the run that the current task or thread belongs to.
current: contextvars.ContextVar[Console] = contextvars.ContextVar("current")
#: The descriptor of what is said outside any run; the worker reads it.
STDERR = 2


class Console:
    """What one run printed and logged, by lines, cut at a number of characters."""

    def __init__(self, limit: int) -> None:
        self._cut = ("warning", f"(console cut at {limit} characters)")
        self._left = limit - len(self._cut[1])
        self._lines: list[tuple[str, str]] = []
        self._partial: dict[str, str] = {}

    def write(self, level: str, text: str) -> None:
        """Take a piece of a stream; lines are kept when they end."""
        if self._left <= 0:
            return
        *lines, rest = (self._partial.get(level, "") + text[: self._left + 1]).split("\n")
        self._partial[level] = rest
        for line in lines:
            self.line(level, line)

    def line(self, level: str, text: str) -> None:
        """Keep one line, as far as there is room."""
        if self._left <= 0:
            return
        kept = text[: self._left].encode(errors="replace").decode()
        self._lines.append((level, kept))
        self._left -= max(1, len(text))
        if self._left <= 0:
            self._lines.append(self._cut)

    def close(self) -> list[tuple[str, str]]:
        """All lines; later ones are dropped."""
        for level, rest in self._partial.items():
            if rest:
                self.line(level, rest)
        self._left = 0
        return self._lines


class ConsoleStream(io.TextIOBase):
    """`sys.stdout` and `sys.stderr`: to the console of the run that writes, else to the worker."""

    def __init__(self, level: str) -> None:
        self._level = level

    def writable(self) -> bool:
        """A stream for output."""
        return True

    def write(self, text: str) -> int:
        """Give the text to where it belongs."""
        if console := current.get(None):
            console.write(self._level, text)
        else:
            os.write(STDERR, text.encode(errors="replace"))
        return len(text)


class ConsoleHandler(logging.Handler):
    """`logging` to the console, with its level."""

    def emit(self, record: logging.LogRecord) -> None:
        """Give one log record to where it belongs."""
        step = min(record.levelno // 10, 4)
        level = ("debug", "debug", "info", "warning", "error")[step]
        text = self.format(record)
        if console := current.get(None):
            console.line(level, text)
        else:
            os.write(STDERR, f"{text}\n".encode(errors="replace"))


class _Owned(asyncio.Task[Any]):
    """A task that knows its run's console: it tells of its error when it is in no context."""

    console: Console | None = None


def watch(loop: asyncio.AbstractEventLoop) -> None:
    """Show errors that no code waits for in the console of the run that they belong to."""

    def make(
        loop: asyncio.AbstractEventLoop,
        work: Coroutine[Any, Any, Any] | Generator[Any, None, Any],
        **options: Any,  # noqa: ANN401 - those of the next Python
    ) -> asyncio.Task[Any]:
        task = _Owned(work, loop=loop, **options)
        task.console = current.get(None)
        return task

    loop.set_task_factory(make)
    loop.set_exception_handler(_tell)


def _tell(_: asyncio.AbstractEventLoop, said: dict[str, Any]) -> None:
    error, task = said.get("exception"), said.get("task") or said.get("future")
    text = said["message"]
    if isinstance(error, BaseException):
        told = describe(error)
        what = "an error" if task is None else "a task that nobody awaited"
        text = f"{what}: {told['name']}: {told['message']}\n{told['stack']}".rstrip()
    console = task.console if isinstance(task, _Owned) else current.get(None)
    if console is None:
        os.write(STDERR, f"{text}\n".encode(errors="replace"))
    else:
        for line in text.split("\n"):
            console.line("error", line)


def capture() -> None:
    """Put the streams and `logging` of this process on the consoles of its runs."""
    sys.stdout = ConsoleStream("info")
    sys.stderr = ConsoleStream("error")
    logging.basicConfig(handlers=[ConsoleHandler()], level=logging.INFO, format="%(message)s")
