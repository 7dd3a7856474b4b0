"""sms: sends a text message to a phone, through Apprise."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

from authstream.contracts.effect import Effect
from authstream.engine.delivery import Delivery, parsed
from authstream.outbound.notification import notify
from authstream.settings import NotifySettings, Settings


class SmsInputs(BaseModel):
    """To whom, and what."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    #: E.164: `+` and up to 15 digits.
    to: Annotated[str, StringConstraints(pattern=r"^\+[1-9][0-9]{6,14}$")]
    text: Annotated[str, StringConstraints(min_length=1, max_length=1600)]


class SmsDelivery(Delivery):
    """Delivers through the service of `AUTHSTREAM_NOTIFY__SMS`."""

    name = "sms"
    inputs = SmsInputs

    def __init__(self) -> None:
        self._settings = NotifySettings()

    async def start(self) -> None:
        """Read where the service is."""
        self._settings = Settings().notify

    async def deliver(self, effect: Effect) -> None:
        """Send once. Raises DeliveryError."""
        inputs = parsed(SmsInputs, self.name, effect.payload)
        await notify(self._settings.sms, inputs.text, title="", kind=self.name, to=inputs.to)


PLUGIN = SmsDelivery()
