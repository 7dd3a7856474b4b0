"""slack: writes to a Slack channel, through Apprise."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

from authstream.contracts.effect import Effect
from authstream.engine.delivery import Delivery, parsed
from authstream.outbound.notification import notify
from authstream.settings import NotifySettings, Settings


class SlackInputs(BaseModel):
    """What to write."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: Annotated[str, StringConstraints(min_length=1, max_length=20_000)]
    title: str = ""


class SlackDelivery(Delivery):
    """Delivers to the channel of `AUTHSTREAM_NOTIFY__SLACK`."""

    name = "slack"
    inputs = SlackInputs

    def __init__(self) -> None:
        self._settings = NotifySettings()

    async def start(self) -> None:
        """Read where the channel is."""
        self._settings = Settings().notify

    async def deliver(self, effect: Effect) -> None:
        """Write once. Raises DeliveryError."""
        inputs = parsed(SlackInputs, self.name, effect.payload)
        await notify(self._settings.slack, inputs.text, title=inputs.title, kind=self.name)


PLUGIN = SlackDelivery()
