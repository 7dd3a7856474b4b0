"""notify: writes to any service that Apprise knows, by the name that an operator gave it."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

from authstream.contracts.effect import Effect
from authstream.engine.delivery import Delivery, parsed
from authstream.errors import DeliveryError
from authstream.outbound.notification import notify
from authstream.settings import NotifySettings, Settings


class NotifyInputs(BaseModel):
    """To which service, and what."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    to: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]
    text: Annotated[str, StringConstraints(min_length=1, max_length=20_000)]
    title: str = ""


class NotifyDelivery(Delivery):
    """Delivers to one of `AUTHSTREAM_NOTIFY__SERVICES`; an action never sees its URL."""

    name = "notify"
    inputs = NotifyInputs

    def __init__(self) -> None:
        self._settings = NotifySettings()

    async def start(self) -> None:
        """Read which services there are."""
        self._settings = Settings().notify

    def destination(self, effect: Effect) -> str:
        """Each service is slow or down by itself."""
        return f"{self.name} {parsed(NotifyInputs, self.name, effect.payload).to}"

    async def deliver(self, effect: Effect) -> None:
        """Write once. Raises DeliveryError."""
        inputs = parsed(NotifyInputs, self.name, effect.payload)
        url = self._settings.services.get(inputs.to)
        if url is None:
            raise DeliveryError(
                f"no service {inputs.to!r} is set up: name it in AUTHSTREAM_NOTIFY__SERVICES",
                permanent=True,
            )
        await notify(url, inputs.text, title=inputs.title, kind=self.name, setting="services")


PLUGIN = NotifyDelivery()
