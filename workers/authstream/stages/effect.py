"""effect: delivers the side effects of one kind under stable ids, and records what was done."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from datetime import timedelta

from authstream.contracts import headers as h
from authstream.contracts.avro import decode
from authstream.contracts.budgets import DECIDED_WINDOW
from authstream.contracts.effect import Effect, EffectDone, EffectStatus
from authstream.contracts.topics import Topics
from authstream.engine.delivery import Delivery
from authstream.engine.ports import Clock, Memory, Message, Output, Outputs, Stage
from authstream.engine.window import FirstWindow
from authstream.errors import DeliveryError, RecordError
from authstream.stages.outputs import dead_letter, record_output

#: Tries in a row before an effect is given up.
ATTEMPTS = 4
#: Wait before the second try; doubled each time, with full jitter.
BACKOFF = timedelta(milliseconds=250)
#: One try at the destination.
DELIVERY_TIMEOUT = timedelta(seconds=10)


class GivenUpError(RecordError):
    """An effect could not be delivered and will not be tried again by itself."""

    code = "undeliverable"

    def __init__(self, message: str, *, attempts: int) -> None:
        super().__init__(message)
        self.attempts = attempts


class EffectStage(Stage):
    """Reads one kind's topic.

    At least once towards the destination, under a stable id; done ids are dropped.
    """

    timeout = (DELIVERY_TIMEOUT + BACKOFF * 2**ATTEMPTS) * ATTEMPTS

    def __init__(
        self,
        delivery: Delivery,
        *,
        topics: Topics,
        clock: Clock,
        window: timedelta = DECIDED_WINDOW,
    ) -> None:
        self.name = f"effect.{delivery.name}"
        self.topics = (topics.effects(delivery.name),)
        self._done_topic = topics.effects_done(delivery.name)
        self._names = topics
        self._delivery = delivery
        self._clock = clock
        self._window = window
        self._done: dict[int, FirstWindow] = {}
        #: Delivered, but the record of it is not acknowledged: it may yet be lost.
        self._unrecorded: dict[str, Output] = {}
        self.memories = (Memory((self._done_topic,), window, self._remember, self._forget),)

    async def start(self) -> None:
        """Let the kind prepare, e.g. read its settings."""
        await self._delivery.start()

    async def stop(self) -> None:
        """Let the kind close its connections."""
        await self._delivery.stop()

    async def handle(self, message: Message) -> Outputs:
        """A record of the delivery. Raises GivenUpError when no try succeeded."""
        effect = decode(Effect, message.value)
        if effect.id in self._unrecorded:
            # Read again after a rebalance: this message must not be done before the record is.
            return [self._unrecorded[effect.id]]
        if self._window_of(message.partition).get(effect.id.encode()) is not None:
            return ()
        attempts = await self._deliver(effect)
        done = self._record(message, effect, attempts=attempts)
        self._unrecorded[effect.id] = done
        return [done._replace(then=self._on_recorded(message, effect))]

    def refuse(self, message: Message, error: RecordError) -> Outputs:
        """A dead letter, and a record that the effect was given up."""
        letter = dead_letter(self._names.dead_letter, message, error, stage=self.name)
        try:
            effect = decode(Effect, message.value)
        except RecordError:
            return [letter]
        attempts = error.attempts if isinstance(error, GivenUpError) else 0
        done = self._record(message, effect, attempts=attempts, status="dead", detail=str(error))
        return [letter, done]

    def _on_recorded(self, message: Message, effect: Effect) -> Callable[[int], Outputs]:
        def recorded(offset: int) -> Outputs:
            window = self._window_of(message.partition)
            window.first(effect.id.encode(), offset, at=message.timestamp)
            self._unrecorded.pop(effect.id, None)
            return ()

        return recorded

    async def _deliver(self, effect: Effect) -> int:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                async with asyncio.timeout(DELIVERY_TIMEOUT.total_seconds()):
                    await self._delivery.deliver(effect)
            except (DeliveryError, TimeoutError) as error:
                if attempt == ATTEMPTS or (isinstance(error, DeliveryError) and error.permanent):
                    raise GivenUpError(
                        f"effect {effect.id} ({effect.kind}) was given up after {attempt} tries: "
                        f"{str(error) or 'timed out'}",
                        attempts=attempt,
                    ) from error
                longest = BACKOFF.total_seconds() * 2**attempt
                await asyncio.sleep(random.uniform(0, longest))  # noqa: S311 - jitter
            else:
                return attempt
        raise AssertionError  # pragma: no cover - the loop returns or raises

    def _record(
        self,
        message: Message,
        effect: Effect,
        *,
        attempts: int,
        status: EffectStatus = "delivered",
        detail: str = "",
    ) -> Output:
        done = EffectDone(
            id=effect.id,
            kind=effect.kind,
            flow_id=effect.flow_id,
            status=status,
            detail=detail,
            attempts=attempts,
            done_at=self._clock.now(),
        )
        return record_output(
            self._done_topic,
            done,
            kind="effect-done",
            event_id=effect.id,
            key=message.key,
            source=message,
            partition=message.partition,
        )

    def _window_of(self, partition: int) -> FirstWindow:
        return self._done.setdefault(partition, FirstWindow(self._window))

    def _remember(self, message: Message) -> None:
        effect_id = h.first(message.headers, h.CE_ID)
        if effect_id is not None:
            self._window_of(message.partition).first(
                effect_id, message.offset, at=message.timestamp
            )

    def _forget(self, _topic: str, partition: int) -> None:
        self._done.pop(partition, None)
