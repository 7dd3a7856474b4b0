"""Side effects that the verdict orders; every trigger may."""

from __future__ import annotations

from authstream.contracts.verdict import EffectOrder
from authstream.engine.identity import effect_id
from authstream.engine.legs import sent
from authstream.engine.part import DECIDED, Call, Leg, Members, Part, command


class Effects(Part):
    """`effects`: orders, each sent downstream if the outcome is what its `on` says."""

    gives = ("effects",)
    shown = DECIDED

    def __init__(self, leg: Leg) -> None:
        super().__init__(leg)
        self._orders: list[EffectOrder] = []
        #: Ordered in each leg, also those that an earlier leg has sent: part of their ids.
        self._ordered: dict[int, int] = {}

    @command("effects.send")
    def send(self, call: Call) -> None:
        """An order, under an id that repetitions of the leg share."""
        kind, payload = call.arguments[:2]
        options, made_in = call.options(2), call.command.leg
        on = options.get("on", "allowed")
        index = self._ordered[made_in] = self._ordered.get(made_in, -1) + 1
        if sent(on, call.command, self.leg.envelope.leg):
            return
        self._orders.append(
            EffectOrder(
                id=effect_id(self.leg.envelope.flow_id, made_in, index),
                kind=kind,
                action=call.action,
                payload=payload,
                on=on,
                key=options.get("key"),
                delay_ms=int(options.get("delay", 0) * 1000),
            )
        )

    def members(self) -> Members:
        """All orders, in order."""
        return {"effects": tuple(self._orders)}
