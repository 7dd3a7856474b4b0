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
ODD = (LookupError, ValueError, TypeError, AttributeError)


@cache
def _rules(kinds: tuple[type[Part], ...]) -> dict[str, tuple[type[Part], Rule]]:
    """The part and its rule for each command."""
    return {name: (kind, rule) for kind in kinds for name, rule in kind.rules.items()}


class Draft:
    """Mutable while the fold runs; nothing keeps it afterwards."""

    def __init__(self, envelope: Envelope, kinds: tuple[type[Part], ...]) -> None:
        self._leg = Leg(envelope)
        self._kinds = kinds
        self._rules = _rules(kinds)
        # Most flows use few of the parts that their trigger allows.
        self._parts = {kind: kind(self._leg) for kind in kinds if kind.needed}
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
            kind, rule = self._rules[command.name]
            part = self._parts.get(kind) or self._parts.setdefault(kind, kind(self._leg))
            call = Call(command, orjson.loads(command.arguments))
            rule(part, call)
        except ODD as error:
            raise CommandRefusedError(
                f"command api.{command.name} of action {command.action} is not one that this "
                "version knows: upgrade the assemble workers before the action workers"
            ) from error
        self._calls.append((part, call))

    def settle(self) -> Failure | None:
        """What is wrong with the commands as a whole, if anything."""
        failures = [part.settle() for part in self._used()]
        return next((failure for failure in failures if failure is not None), None)

    def members(self, outcome: Outcome) -> Members:
        """What the verdict of this outcome says beside the outcome."""
        members: Members = {}
        for part in self._used():
            if outcome in part.shown:
                members |= part.members()
        return {**members, "dropped": self._dropped(outcome)}

    def _used(self) -> list[Part]:
        """In the order of the trigger."""
        return [self._parts[kind] for kind in self._kinds if kind in self._parts]

    def _dropped(self, outcome: Outcome) -> Sequence[Dropped]:
        """In the order of the rules, then those whose part this outcome does not have."""
        said = {id(call) for call, _ in self._leg.dropped}
        for part, call in self._calls:
            if outcome not in part.shown and outcome == "denied" and id(call) not in said:
                self._leg.drop(call, _target(call), "the flow was denied")
        return tuple(dropped for _, dropped in self._leg.dropped)


def _target(call: Call) -> object:
    return call.arguments[0] if call.arguments else ""
