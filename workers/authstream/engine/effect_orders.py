"""Checks the effects that an action ordered, while it can still be told: by the kind's model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol, cast

from authstream.contracts.budgets import ERROR_CHARACTERS
from authstream.contracts.envelope import Thrown
from authstream.engine.delivery import Delivery, parsed
from authstream.engine.program import Invocation, Outcome, RecordedCommand
from authstream.errors import DeliveryError

_SEND = "effects.send"


class Runs(Protocol):
    """What runs an action."""

    async def run(self, invocation: Invocation, /) -> Outcome:
        """What came of it."""
        ...


@dataclass(frozen=True, slots=True)
class CheckedOrders:
    """Runs an action; an order that its kind cannot take fails the run, as a refused call does."""

    inner: Runs
    kinds: Mapping[str, Delivery]

    async def run(self, invocation: Invocation) -> Outcome:
        """The outcome, an error where an order is refused."""
        outcome = await self.inner.run(invocation)
        error = refusal(outcome.commands, self.kinds)
        if error is None:
            return outcome
        thrown = Thrown(name="ApiError", message=error[:ERROR_CHARACTERS])
        return replace(outcome, status="error", commands=(), error=thrown.text, thrown=thrown)


def refusal(commands: Iterable[RecordedCommand], kinds: Mapping[str, Delivery]) -> str | None:
    """Why one of the orders cannot be taken, or None."""
    for name, arguments in commands:
        if name != _SEND:
            continue
        kind, payload = str(arguments[0]), arguments[1]
        delivery = kinds.get(kind)
        if delivery is None:
            return f"api.effects.send: no kind {kind!r} is installed, there are {sorted(kinds)}"
        try:
            parsed(delivery.inputs, kind, cast("dict[str, object]", payload))
        except DeliveryError as error:
            return f"api.effects.send: {error}"
    return None
