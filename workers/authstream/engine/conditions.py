"""Conditions on steps in CEL (Common Expression Language), evaluated on the event as published."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from authstream.errors import ConfigurationError, RecordError

#: Compiled conditions kept; one flow has at most 20.
_COMPILED = 1024


class ConditionError(RecordError):
    """A condition is neither true nor false for this event; the flow fails, no step is skipped."""

    code = "condition_error"


@lru_cache(maxsize=_COMPILED)
def compiled(source: str) -> Any:  # noqa: ANN401 - the library's program type is not typed
    """The program of a condition. Raises ConfigurationError with the parser's message."""
    import cel  # noqa: PLC0415 - it loads a line editor: a tenth of the time a command needs

    try:
        return cel.compile(source)
    except ValueError as error:
        msg = f"condition {source!r} is not valid CEL: {error}"
        raise ConfigurationError(msg) from error


def holds(source: str | None, event: Mapping[str, Any]) -> bool:
    """Whether a step's condition is true; no condition always is.

    Raises ConditionError when the result is no boolean or a member is missing: use `has(event.x)`.
    """
    if source is None:
        return True
    try:
        result: object = compiled(source).execute({"event": event})
    except (ArithmeticError, LookupError, ValueError, TypeError, RuntimeError) as error:
        raise ConditionError(
            f"condition {source!r} cannot be evaluated on this event ({_problem(error)}): "
            "guard optional members with has()"
        ) from None
    if not isinstance(result, bool):
        raise ConditionError(
            f"condition {source!r} gives {type(result).__name__}, not true or false: "
            "compare it with something"
        )
    return result


def _problem(error: Exception) -> str:
    """What went wrong, without the library's text: that may quote values of the event."""
    if isinstance(error, KeyError):
        return f"it has no member {error.args[0]!r}"
    if isinstance(error, TypeError):
        return "operands of types that do not go together"
    return type(error).__name__
