"""Checks what a guest says its action called, and says what that changes in the event."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from authstream.contracts.api.method import Method
from authstream.contracts.api.table import methods
from authstream.contracts.parameter import CommandRefusedError, check

#: How a command shows in the event of a later action: change, path, and its arguments, e.g.
#: `("set", "user.app_metadata", key, value)` or `("unset", "user.app_metadata", key)`.
Operation: TypeAlias = Sequence[object]


def operation(trigger: str, name: str, arguments: Sequence[object]) -> Operation | None:
    """What a checked command changes in the event that later actions see, if anything.

    Raises:
        CommandRefusedError: The trigger has no such command.
    """
    effect = _command(trigger, name).effect
    if effect is None:
        return None
    if effect.change == "set" and arguments[1] is None:
        return ("unset", effect.path, arguments[0])
    return (effect.change, effect.path, *arguments)


def check_command(trigger: str, name: str, arguments: Sequence[object]) -> None:
    """Check one recorded command against the table, as the guest should have done.

    Raises:
        CommandRefusedError: Unknown on this trigger, not a command, or an argument is not legal.
    """
    check_arguments(_command(trigger, name), arguments)


def check_query(trigger: str, name: str, arguments: Sequence[object]) -> None:
    """Check one question of a guest. Raises CommandRefusedError, as `check_command`."""
    method = methods(trigger).get(name)
    if method is None or method.kind != "query":
        raise CommandRefusedError(f"api.{name} is not a query of the trigger {trigger}")
    check_arguments(method, arguments)


def check_arguments(method: Method, arguments: Sequence[object]) -> None:
    """Check the arguments of a method in its order. Raises CommandRefusedError."""
    name, parameters = method.path, method.parameters
    if len(arguments) > len(parameters):
        raise CommandRefusedError(
            f"api.{name} takes at most {len(parameters)} arguments, not {len(arguments)}"
        )
    for parameter in parameters[len(arguments) :]:
        if not parameter.optional:
            raise CommandRefusedError(f"api.{name} needs the argument {parameter.name}")
    for parameter, value in zip(parameters, arguments, strict=False):
        check(parameter, value, name)


def _command(trigger: str, name: str) -> Method:
    method = methods(trigger).get(name)
    if method is None or method.kind != "command":
        raise CommandRefusedError(f"api.{name} is not a command of the trigger {trigger}")
    return method
