"""redelivery: publishes an event again when its time has come, or gives it up."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta

from authstream.contracts import headers as h
from authstream.contracts.avro import decode, encode
from authstream.contracts.login_event import LoginEvent
from authstream.contracts.redelivery import Redelivery
from authstream.contracts.topics import DELAYS, Topics
from authstream.engine.ports import Clock, Message, Output, Outputs, PointReader, Stage
from authstream.engine.trigger import Trigger
from authstream.errors import RecordError
from authstream.stages.entry import stripped
from authstream.stages.outputs import dead_letter

_MILLISECOND = timedelta(milliseconds=1)
_MARGIN = timedelta(minutes=1)
#: What belongs to one try only: who waited for it, until when, and whether its id is stable.
_OF_ONE_TRY = (
    *(h.CE_ID, h.TRIES, h.DEDUP, h.DEADLINE, h.REPLY_PARTITION, h.CORRELATION_ID),
    *h.TRACE_CONTEXT,
)


class EventGoneError(RecordError):
    """An event that was to be published again is not in its topic any more."""

    code = "event_gone"


class RetriesExhaustedError(RecordError):
    """The flow of an event failed at every try that its trigger allows."""

    code = "retries_exhausted"


class RedeliveryStage(Stage):
    """Reads the orders of fanout; writes to `requested` topics, or to delay topics meanwhile.

    It waits itself only for less than the shortest of those, so a few seconds of one event hold
    nobody up for long. Under the id that the order names two copies of it are one flow.
    """

    #: So that whoever hosts `effect.*` hosts it too.
    name = "effect.redelivery"
    relaxed = True
    drains = False
    waits = True
    timeout = min(DELAYS.values()) + _MARGIN

    def __init__(
        self,
        *,
        topics: Topics,
        triggers: Mapping[str, Trigger],
        reader: PointReader,
        clock: Clock,
    ) -> None:
        self.topics = (topics.redelivery,)
        self._names = topics
        self._triggers = triggers
        self._reader = reader
        self._clock = clock

    async def handle(self, message: Message) -> Outputs:
        """The event, or the order on its way to a delay topic. Raises EventGoneError."""
        order = decode(Redelivery, message.value)
        left = (order.due_at - self._clock.now()) * _MILLISECOND
        delay = _longest_within(left)
        if delay is not None:
            topic = self._names.redelivery_retry(delay)
            return [_to(topic, message)]
        await asyncio.sleep(max(0.0, left.total_seconds()))
        event = await self._event(order)
        return [self._given_up(event, order) if order.given_up else _again(event, order, message)]

    def refuse(self, message: Message, error: RecordError) -> Outputs:
        """A dead letter of the order."""
        return [dead_letter(self._names.dead_letter, message, error, stage=self.name)]

    async def _event(self, order: Redelivery) -> Message:
        topic = self._names.requested(order.trigger)
        event = await self._reader.read(topic, order.partition, order.offset)
        if event is None:
            raise EventGoneError(
                f"the event of flow {order.flow_id} is not in {topic} any more, partition "
                f"{order.partition} offset {order.offset}: keep that topic for longer"
            )
        return event

    def _given_up(self, event: Message, order: Redelivery) -> Output:
        """The event itself, so that an operator can have it published once more."""
        error = RetriesExhaustedError(
            f"flow {order.flow_id} was try {order.attempt} and failed, as those before: "
            f"{order.reason}"
        )
        trigger = self._triggers.get(order.trigger)
        value = stripped(event, trigger) if trigger else b""
        # Published once more, it has all its tries again.
        event = event._replace(headers=h.without(event.headers, (h.TRIES,)))
        return dead_letter(self._names.dead_letter, event, error, stage=self.name, value=value)


def _to(topic: str, message: Message) -> Output:
    """A record as it is, to the same partition of another topic."""
    return Output(topic, message.key, message.value, message.headers, message.partition)


def _longest_within(left: timedelta) -> str | None:
    fitting = [name for name, delay in DELAYS.items() if delay <= left]
    return max(fitting, key=DELAYS.__getitem__, default=None)


def _again(event: Message, order: Redelivery, message: Message) -> Output:
    trace = tuple(header for header in message.headers if header[0] in h.TRACE_CONTEXT)
    own = h.make({h.CE_ID: order.id, h.TRIES: f"{order.attempt}"})
    headers = (*h.without(event.headers, _OF_ONE_TRY), *own, *trace)
    return Output(event.topic, event.key, _renamed(event, order.id), headers)


def _renamed(event: Message, event_id: str) -> bytes | None:
    """The event's value; one that has its id inside has the new one."""
    if h.first(event.headers, h.CONTENT_TYPE) != h.AVRO_TYPE:
        return event.value
    login = decode(LoginEvent, event.value)
    return encode(login.model_copy(update={"id": event_id, "dedup": "id"}))
