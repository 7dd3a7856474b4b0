"""log: writes an effect to the worker's log, for development and as a trail."""

from __future__ import annotations

import structlog
from pydantic import BaseModel, ConfigDict

from authstream.contracts.effect import Effect
from authstream.engine.delivery import Delivery, parsed


class LogInputs(BaseModel):
    """What to log."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    message: str


class LogDelivery(Delivery):
    """Delivers to the log. Personal data in the message is the action's own choice."""

    name = "log"
    inputs = LogInputs

    async def deliver(self, effect: Effect) -> None:
        """Log one message. Raises DeliveryError for a payload of another shape."""
        inputs = parsed(LogInputs, self.name, effect.payload)
        structlog.get_logger("authstream.effects.log").info(
            inputs.message, flow_id=effect.flow_id, action=effect.action
        )


PLUGIN = LogDelivery()
