"""What an effect kind is: a name, the shape of its payload, and how one is delivered."""

from __future__ import annotations

from abc import ABC, abstractmethod

from pydantic import BaseModel

from authstream.contracts.effect import Effect


class Delivery(ABC):
    """One kind of side effect. One file in `effects/` makes one of these."""

    name: str
    #: The shape of the payload; the console draws its form from it later.
    inputs: type[BaseModel]

    async def start(self) -> None:  # noqa: B027 - most kinds have nothing to prepare
        """Prepare; called once before the first delivery."""

    async def stop(self) -> None:  # noqa: B027 - most kinds have nothing to release
        """Release what `start` took."""

    @abstractmethod
    async def deliver(self, effect: Effect) -> None:
        """Deliver once. Raises DeliveryError, which says whether another try can help."""
