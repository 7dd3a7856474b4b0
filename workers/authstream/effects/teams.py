"""teams: writes to a Microsoft Teams channel, through Apprise."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

from authstream.contracts.effect import Effect
from authstream.engine.delivery import Delivery, parsed
from authstream.outbound.notification import notify
from authstream.settings import NotifySettings, Settings


class TeamsInputs(BaseModel):
    """What to write."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: Annotated[str, StringConstraints(min_length=1, max_length=20_000)]
    title: str = ""


class TeamsDelivery(Delivery):
    """Delivers to the channel of `AUTHSTREAM_NOTIFY__TEAMS`."""

    name = "teams"
    inputs = TeamsInputs

    def __init__(self) -> None:
        self._settings = NotifySettings()

    async def start(self) -> None:
        """Read where the channel is."""
        self._settings = Settings().notify

    async def deliver(self, effect: Effect) -> None:
        """Write once. Raises DeliveryError."""
        inputs = parsed(TeamsInputs, self.name, effect.payload)
        await notify(self._settings.teams, inputs.text, title=inputs.title, kind=self.name)


PLUGIN = TeamsDelivery()
