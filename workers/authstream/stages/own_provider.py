"""Delivers effects through a tenant's own action, where one is bound to a trigger of their kind.

Each try is a flow of its own: after a crash the same try is the same flow, and its verdict is in
the log. What the action says decides: delivered, not to be sent (`drop`), or later (`retry`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Protocol

import orjson

from authstream.contracts.effect import Effect
from authstream.contracts.verdict import Verdict
from authstream.engine.delivery import Attempt, Delivery
from authstream.engine.plan import Flow, Flows
from authstream.errors import (
    BackPressureError,
    BrokerUnreachableError,
    DeliveryError,
    DroppedError,
)
from authstream.publisher.request import LoginEvent, NoVerdictError

#: A trigger's budget: no flow takes longer.
DECIDED_WITHIN = timedelta(seconds=20)
#: The record of the question is written within this.
_WRITTEN_WITHIN = timedelta(seconds=10)
_MILLISECOND = timedelta(milliseconds=1)
#: Stands for the application, which nobody knows any more.
_CLIENT = "authstream"
#: Failures that would be the same the next time.
_FOR_GOOD = frozenset({"action_error", "invalid_event", "too_large", "incomplete"})


class Asking(Protocol):
    """What brings an event to its flow and the verdict back."""

    async def decide(self, event: LoginEvent, timeout: timedelta) -> Verdict:
        """The verdict on an event. Raises NoVerdictError, BrokerUnreachableError."""
        ...

    async def close(self) -> None:
        """Release the connections."""
        ...


class OwnProvider(Delivery):
    """A kind whose effects go to a tenant's action if it has one, else the kind's own way."""

    def __init__(
        self,
        kind: Delivery,
        flows: Flows,
        *,
        connect: Callable[[], Asking],
        exempt: frozenset[str],
    ) -> None:
        """`exempt`: triggers whose own orders go the kind's own way, or they would come back."""
        self.name = kind.name
        self.inputs = kind.inputs
        self.timeout = _WRITTEN_WITHIN + DECIDED_WITHIN + kind.timeout
        self._kind = kind
        self._flows = flows
        self._connect = connect
        self._exempt = exempt
        #: Connected when first needed: most tenants have no such action.
        self._asking: Asking | None = None

    async def start(self) -> None:
        """As the kind does."""
        await self._kind.start()

    async def stop(self) -> None:
        """As the kind does."""
        asking, self._asking = self._asking, None
        if asking is not None:
            await asking.close()
        await self._kind.stop()

    def destination(self, effect: Effect) -> str:
        """The tenant's action, slow or down as one, or the kind's."""
        trigger = self._bound(effect)
        if trigger is None:
            return self._kind.destination(effect)
        return f"{trigger} of {effect.tenant}"

    async def deliver(self, effect: Effect) -> None:
        """The first try. Raises as `attempt` does."""
        await self.attempt(effect, Attempt(1, 0))

    async def attempt(self, effect: Effect, attempt: Attempt) -> None:
        """One try. Raises DeliveryError; DroppedError where the action says so."""
        trigger = self._bound(effect)
        if trigger is not None:
            verdict = await self._verdict(effect, trigger, attempt)
            if _delivered(verdict, attempt.number):
                return
        async with asyncio.timeout(self._kind.timeout.total_seconds()):
            await self._kind.attempt(effect, attempt)

    async def _verdict(self, effect: Effect, trigger: str, attempt: Attempt) -> Verdict:
        """What the action says. Raises DeliveryError."""
        data = orjson.dumps({**_known(effect), **self._kind.event(effect, trigger)})
        name = f"{effect.id}/{attempt.sequence}/{attempt.number}"
        event = LoginEvent(trigger, data, name, f"/effects/{self.name}", retries=False)
        if self._asking is None:
            self._asking = self._connect()
        try:
            return await self._asking.decide(event, DECIDED_WITHIN)
        except (NoVerdictError, BackPressureError, BrokerUnreachableError) as error:
            raise DeliveryError(f"{trigger}: {error}", permanent=False) from error

    def _bound(self, effect: Effect) -> str | None:
        """The first trigger of the kind that the tenant has an action at."""
        if effect.trigger in self._exempt:
            return None
        for trigger in self._kind.providers:
            flow = self._flows.choose(effect.tenant, trigger)
            # In an emergency no action runs, so none would deliver.
            if flow is not None and flow.break_glass is None and _binds(flow):
                return trigger
        return None


def _known(effect: Effect) -> dict[str, Any]:
    """What is known of an event beside its message."""
    return {
        "tenant": {"id": effect.tenant},
        "client": {"client_id": _CLIENT},
        "request": {"ip": ""},
        "user": {"user_id": effect.subject or effect.id},
        # The same on every try: for calls that must not happen twice.
        "transaction": {"id": effect.id, "correlation_id": effect.flow_id},
    }


def _binds(flow: Flow) -> bool:
    return any(binding.enabled for binding in flow.bindings)


def _delivered(verdict: Verdict, number: int) -> bool:
    """Whether the action ran; false where its condition left the effect to the kind.

    Raises DeliveryError when it ran and did not deliver.
    """
    steps = {step.status for step in verdict.steps}
    if verdict.outcome == "allowed" and "ok" in steps:
        return True
    if verdict.outcome == "allowed" and steps <= {"skipped"}:
        return False
    reason = f"{verdict.trigger}: {verdict.reason or verdict.code or 'its action failed'}"
    if verdict.notification.get("status") == "drop":
        raise DroppedError(reason)
    if verdict.outcome == "denied" and verdict.retry is not None:
        waits = verdict.retry.waits_ms
        again = number <= len(waits)
        wait = waits[number - 1] * _MILLISECOND if again else None
        raise DeliveryError(reason, permanent=not again, retry_after=wait, down=False)
    permanent = verdict.outcome == "denied" or verdict.code in _FOR_GOOD or "error" in steps
    raise DeliveryError(reason, permanent=permanent, down=False)
