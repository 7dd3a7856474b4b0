"""sms: sends a text message to a phone, through Apprise."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, StringConstraints

from authstream.contracts.effect import Effect
from authstream.engine.delivery import Delivery, parsed
from authstream.outbound.notification import notify
from authstream.settings import NotifySettings, Settings

#: Auth0's older trigger of the two, for codes of a second factor.
_CODES = "send-phone-message"


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
    providers = ("custom-phone-provider", _CODES)

    def __init__(self) -> None:
        self._settings = NotifySettings()

    async def start(self) -> None:
        """Read where the service is."""
        self._settings = Settings().notify

    async def deliver(self, effect: Effect) -> None:
        """Send once. Raises DeliveryError."""
        inputs = parsed(SmsInputs, self.name, effect.payload)
        await notify(self._settings.sms, inputs.text, title="", kind=self.name, to=inputs.to)

    def event(self, effect: Effect, trigger: str) -> dict[str, Any]:
        """The message as Auth0's triggers have it. Raises DeliveryError."""
        inputs = parsed(SmsInputs, self.name, effect.payload)
        if trigger == _CODES:
            action = "second-factor-authentication"
            message = {"action": action, "message_type": "sms", "text": inputs.text}
            return {"message_options": {**message, "recipient": inputs.to}}
        message = {"recipient": inputs.to, "as_text": inputs.text, "delivery_method": "text"}
        return {"notification": message}


PLUGIN = SmsDelivery()
