"""A verdict in the making: each command goes to the part that has its rule."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import orjson

from authstream.contracts.envelope import Command, Envelope, Failure
from authstream.contracts.parameter import CommandRefusedError
from authstream.contracts.verdict import Dropped, Outcome
from authstream.engine.legs import settled
from authstream.engine.part import Call, Denial, Leg, Members, Part, Rule

#: What a rule raises on arguments of a shape that the table does not let pass.
_ODD = (LookupError, ValueError, TypeError, AttributeError)


@cache
def _rules(kinds: tuple[type[Part], ...]) -> dict[str, tuple[int, Rule]]:
    """The place of the part, and the rule, for each command."""
    return {name: (at, rule) for at, kind in enumerate(kinds) for name, rule in kind.rules.items()}


class Draft:
    """Mutable while the fold runs; nothing keeps it afterwards."""

    def __init__(self, envelope: Envelope, kinds: tuple[type[Part], ...]) -> None:
        self._leg = Leg(envelope)
        self._rules = _rules(kinds)
        self._parts = [kind(self._leg) for kind in kinds]
        self._calls: list[tuple[Part, Call]] = []

    @property
    def denial(self) -> Denial | None:
        """Who denied the flow first, and why."""
        return self._leg.denial

    def apply(self, command: Command) -> None:
        """Add one command.

        Raises CommandRefusedError for one that no action can have recorded under today's table.
        """
        if settled(command, self._leg.envelope.leg):
            return
        try:
            at, rule = self._rules[command.name]
            call = Call(command, orjson.loads(command.arguments))
            rule(self._parts[at], call)
        except _ODD as error:
            raise _unknown(f"command api.{command.name} of action {command.action} is") from error
        self._calls.append((self._parts[at], call))

    def settle(self) -> Failure | None:
        """What is wrong with the commands as a whole, if anything. Raises as `apply`."""
        try:
            failures = [part.settle() for part in self._parts]
        except _ODD as error:
            names = ", ".join(sorted({f"api.{call.name}" for _, call in self._calls}))
            raise _unknown(f"one of the commands {names} is") from error
        return next((failure for failure in failures if failure is not None), None)

    def members(self, outcome: Outcome) -> Members:
        """What the verdict of this outcome says beside the outcome."""
        members: Members = {}
        for part in self._parts:
            if outcome in part.shown:
                members |= part.members()
        return {**members, "dropped": self._dropped(outcome)}

    def _dropped(self, outcome: Outcome) -> Sequence[Dropped]:
        """In the order of the rules, then those whose part this outcome does not have."""
        said = {id(call) for call, _ in self._leg.dropped}
        for part, call in self._calls:
            if outcome not in part.shown and outcome == "denied" and id(call) not in said:
                self._leg.drop(call, _target(call), "the flow was denied")
        return tuple(dropped for _, dropped in self._leg.dropped)


def _unknown(what: str) -> CommandRefusedError:
    return CommandRefusedError(
        f"{what} not one that this version knows: upgrade the assemble workers before the action "
        "workers"
    )


def _target(call: Call) -> object:
    return call.arguments[0] if call.arguments else ""
