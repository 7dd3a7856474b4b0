"""What break-glass says for every action: nothing, or that the login is denied."""

from __future__ import annotations

import orjson

from authstream.contracts.api import methods
from authstream.contracts.codes import ACCESS_DENIED
from authstream.contracts.envelope import Command
from authstream.contracts.parameter import Parameter
from authstream.engine.plan import BreakGlass

#: The action that a denial in an emergency is put down to.
ACTOR = "break-glass"
DENY = "access.deny"


def can_deny(trigger: str) -> bool:
    """Whether actions of a trigger may deny at all."""
    return DENY in methods(trigger)


def commands(glass: BreakGlass, trigger: str) -> tuple[Command, ...]:
    """As if one action had run: it denies, or it asks for nothing."""
    if glass.mode == "allow-all" or not can_deny(trigger):
        return ()
    parameters = methods(trigger)[DENY].parameters
    arguments = [
        _argument(one, glass.reason)
        for one in parameters
        if not one.optional or one.name == "reason"
    ]
    return (Command(action=ACTOR, name=DENY, arguments=orjson.dumps(arguments)),)


def _argument(parameter: Parameter, reason: str) -> str:
    if parameter.suggests:
        return parameter.suggests[-1]
    return ACCESS_DENIED if parameter.name == "code" else reason
