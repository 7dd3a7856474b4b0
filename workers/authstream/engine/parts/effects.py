"""Side effects that the verdict orders; every trigger may."""

from __future__ import annotations

from authstream.contracts.verdict import EffectOrder
from authstream.engine.identity import effect_id
from authstream.engine.part import DECIDED, Call, Leg, Members, Part, command


class Effects(Part):
    """`effects`: orders, each sent downstream if the outcome is what its `on` says."""

    gives = ("effects",)
    shown = DECIDED

    def __init__(self, leg: Leg) -> None:
        super().__init__(leg)
        self._orders: list[EffectOrder] = []

    @command("effects.send")
    def send(self, call: Call) -> None:
        """An order, under an id that repetitions of the leg share."""
        kind, payload = call.arguments[:2]
        options, envelope = call.options(2), self.leg.envelope
        self._orders.append(
            EffectOrder(
                id=effect_id(envelope.flow_id, envelope.leg, len(self._orders)),
                kind=kind,
                action=call.action,
                payload=payload,
                on=options.get("on", "allowed"),
                key=options.get("key"),
            )
        )

    def members(self) -> Members:
        """All orders, in order."""
        return {"effects": tuple(self._orders)}
