"""What an effect kind is: a name, the shape of its payload, where one goes and how."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError

from authstream.contracts.effect import Effect
from authstream.errors import DeliveryError

I = TypeVar("I", bound=BaseModel)  # noqa: E741 - the inputs model of a kind


class Attempt(NamedTuple):
    """One try: after a crash the same one again."""

    #: Counted from 1, anew when an operator asks for what was given up.
    number: int
    #: Where the order was first read: another place when it is asked for again.
    sequence: int


class Delivery(ABC):
    """One kind of side effect. One file in `effects/` makes one of these."""

    name: str
    #: The shape of the payload: checked when an action orders one, and before it is delivered.
    inputs: type[BaseModel]
    #: One try at the destination.
    timeout: timedelta = timedelta(seconds=10)
    #: Triggers whose action delivers instead, where a tenant has bound one; the first bound counts.
    providers: tuple[str, ...] = ()

    #: Whether `preview` shows more than the payload.
    previews: bool = False

    async def start(self) -> None:  # noqa: B027 - most kinds have nothing to prepare
        """Prepare; called once before the first delivery."""

    async def stop(self) -> None:  # noqa: B027 - most kinds have nothing to release
        """Release what `start` took."""

    def destination(self, effect: Effect) -> str:  # noqa: ARG002 - a kind with one destination
        """What is slow or down as one, e.g. a host: it has limits and a circuit of its own."""
        return self.name

    @abstractmethod
    async def deliver(self, effect: Effect) -> None:
        """Deliver once. Raises DeliveryError, which says whether another try can help."""

    async def attempt(self, effect: Effect, attempt: Attempt) -> None:  # noqa: ARG002 - most do not care
        """Deliver, the first time or again. Raises as `deliver` does."""
        await self.deliver(effect)

    def preview(self, effect: Effect) -> dict[str, str] | None:  # noqa: ARG002 - a kind without one
        """How it would look to its reader, part by part; None: its payload says it all.

        Nothing in it is good for anything, such as a signed link. Raises DeliveryError.
        """
        return None

    def event(self, effect: Effect, trigger: str) -> dict[str, Any]:
        """What one of the `providers` is told of an effect. Raises DeliveryError."""
        raise NotImplementedError(f"{self.name} has no event for {trigger}")


def parsed(inputs: type[I], kind: str, payload: Mapping[str, object]) -> I:
    """The payload of a kind.

    Raises:
        DeliveryError: Permanent; says which members are wrong, never what they are.
    """
    try:
        return inputs.model_validate(payload)
    except ValidationError as error:
        raise DeliveryError(f"{kind}: {problems(error)}", permanent=True) from None


def problems(error: ValidationError) -> str:
    """What is wrong with a payload, by member: `to: Field required`."""
    found = error.errors(include_input=False, include_url=False, include_context=False)
    return "; ".join(
        f"{'.'.join(map(str, one['loc'])) or 'payload'}: {one['msg']}" for one in found
    )
