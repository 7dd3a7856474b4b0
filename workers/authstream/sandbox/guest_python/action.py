"""The action's own file: loaded once, its handlers found, its errors told by its own lines."""

# ruff: noqa: ANN401 - an action may pass anything, and events are a stranger's JSON
from __future__ import annotations

import functools
import importlib.util
import inspect
import re
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

#: A call of a handler with `event` and `api`.
Handler = Callable[[Any, Any], Any]
#: Innermost lines of the action that an error shows.
STACK_LINES = 8
MESSAGE_CHARACTERS = 400

_HANDLER = re.compile(r"on_(execute|continue)_\w+")


class NoHandlerError(Exception):
    """The file defines no `on_execute_…` or `on_continue_…`, or not the one that is asked for."""


class Action:
    """One loaded action."""

    def __init__(self, file: Path, dependencies: str | None) -> None:
        sys.path[:0] = [str(file.parent), *([dependencies] if dependencies else [])]
        self.handlers = {
            camel(name): _Called(value)
            for name, value in _load(file).items()
            if _HANDLER.fullmatch(name) and callable(value)
        }
        if not self.handlers:
            raise NoHandlerError(
                f"{file.name} defines no handler,"
                " such as `async def on_execute_post_login(event, api)`"
            )

    def handler(self, name: str) -> _Called:
        """The handler under Auth0's name.

        Raises:
            NoHandlerError: The file does not define it.
        """
        if name not in self.handlers:
            raise NoHandlerError(f"the action has {', '.join(self.handlers)}, but not {name}")
        return self.handlers[name]


class _Called:
    """A handler with the arguments it takes: either of `event` and `api` may be left out."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        parameters = inspect.signature(function).parameters
        both = len(parameters) > 1 or any(p.kind is p.VAR_POSITIONAL for p in parameters.values())
        self._takes = "both" if both else next(iter(parameters), "none")
        self.is_async = inspect.iscoroutinefunction(inspect.unwrap(function)) or (
            isinstance(function, functools.partial) and inspect.iscoroutinefunction(function.func)
        )

    def __call__(self, event: Any, api: Any) -> Any:
        match self._takes:
            case "both":
                return self._function(event, api)
            case "none":
                return self._function()
            case "api":
                return self._function(api)
            case _:
                return self._function(event)


def _load(file: Path) -> dict[str, Any]:
    spec = importlib.util.spec_from_file_location("action", file)
    if spec is None or spec.loader is None:
        raise NoHandlerError(f"{file.name} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules["action"] = module
    spec.loader.exec_module(module)
    return vars(module)


def camel(name: str) -> str:
    """`on_execute_post_login` in Auth0's spelling."""
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def describe(error: BaseException) -> dict[str, str]:
    """Name, message and the lines of the action's files that an error came through."""
    try:
        message = str(error)
    except Exception:  # noqa: BLE001 - a stranger's `__str__`
        message = "(its message cannot be shown)"
    name = type(error).__name__
    return {
        "name": name,
        "message": message.encode(errors="replace").decode()[:MESSAGE_CHARACTERS],
        "stack": "\n".join(_lines(error)[-STACK_LINES:]).encode(errors="replace").decode(),
    }


def _lines(error: BaseException) -> list[str]:
    ours = str(Path(__file__).parent)
    lines = [
        f"{Path(frame.filename).name}:{frame.lineno} in {frame.name}: {(frame.line or '').strip()}"
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith((ours, "<frozen"))
    ]
    if isinstance(error, SyntaxError) and error.filename:
        lines.append(f"{Path(error.filename).name}:{error.lineno}: {(error.text or '').strip()}")
    return lines
