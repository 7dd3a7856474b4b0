"""effect: delivers the side effects of one kind under stable ids, and records what was done."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import structlog

from authstream.contracts import headers as h
from authstream.contracts.avro import decode
from authstream.contracts.budgets import DECIDED_WINDOW
from authstream.contracts.effect import Effect, EffectDone, EffectStatus
from authstream.contracts.topics import DELAYS, Topics
from authstream.engine.dead_ratio import DeadRatio
from authstream.engine.delivery import Attempt, Delivery, parsed
from authstream.engine.lane import Busy, Lane, Limits
from authstream.engine.parking import Line, Parking, Place
from authstream.engine.ports import Clock, Memory, Message, Output, Outputs, Stage
from authstream.engine.windows import MemoryWindows, Windows
from authstream.errors import DeliveryError, DroppedError, RecordError
from authstream.metrics.registry import REGISTRY
from authstream.stages.delay import JITTER
from authstream.stages.outputs import dead_letter
from authstream.stages.settled import Settled
from authstream.stages.trip import Trip

#: Waits between tries, by the names of delay topics; after the last one an effect is given up.
SCHEDULE = ("5s", "5s", "5s", "5s", "5s", "1m", "1m", "10m", "10m", "10m")
#: An effect whose destination is away so long is given up, however seldom it was tried.
GIVE_UP_AFTER = timedelta(days=1)
#: An effect that is this late to come back holds up those behind it no longer. A busy worker or
#: broker is late by seconds.
LOST_AFTER = timedelta(minutes=1)
#: Of an error, in the header of what waits for another try.
REASON_CHARACTERS = 300
#: More destinations than that are not remembered while they are idle.
_LANES = 1000
#: Every try has its own limit, and a stage that stands must not give up what it holds.
_UNLIMITED = timedelta(days=365)
_MILLISECOND = timedelta(milliseconds=1)


class GivenUpError(RecordError):
    """An effect could not be delivered and will not be tried again by itself."""

    code = "undeliverable"

    def __init__(self, message: str, *, attempts: int) -> None:
        super().__init__(message)
        self.attempts = attempts


class EffectStage(Stage):
    """Reads one kind's topic.

    At least once towards the destination, under a stable id; done ids are dropped. What fails for
    now waits in delay topics, and what must stay in order behind it does too.
    """

    relaxed = True
    timeout = _UNLIMITED

    def __init__(  # noqa: PLR0913 - what it is made of, by name
        self,
        delivery: Delivery,
        *,
        topics: Topics,
        clock: Clock,
        limits: Limits | None = None,
        dead_ratio: float = 1,
        window: timedelta = DECIDED_WINDOW,
        windows: Windows | None = None,
    ) -> None:
        self.name = f"effect.{delivery.name}"
        self.topics = (topics.effects(delivery.name),)
        done_topic = topics.effects_done(delivery.name)
        self._retry = {name: topics.effects_retry(delivery.name, name) for name in DELAYS}
        self._names = topics
        self._delivery = delivery
        self._clock = clock
        self._limits = limits or Limits()
        self._log = structlog.get_logger("authstream.effect").bind(stage=self.name)
        self._ratio = DeadRatio(dead_ratio)
        kept = windows or MemoryWindows(self.name, window)
        self._settled = Settled(done_topic, kind="effect-done", windows=kept)
        #: What waits, by partition.
        self._parked: dict[int, Parking] = {}
        self.lanes: dict[str, Lane] = {}
        self.memories = (
            Memory((done_topic,), window, self._remember_done, self._forget, windows=kept),
            Memory(tuple(self._retry.values()), window, self._remember_parked, self._forget),
        )

    async def start(self) -> None:
        """Let the kind prepare, e.g. read its settings."""
        await self._delivery.start()

    async def stop(self) -> None:
        """Let the kind close its connections."""
        await self._delivery.stop()

    async def handle(self, message: Message) -> Outputs:
        """A record of the delivery, or the effect on its way to a delay topic.

        Raises GivenUpError when no try can help any more.
        """
        if self._ratio.exceeded:
            await self._stand()
        effect = decode(Effect, message.value)
        known = self._settled.known(message, effect.id)
        if known is not None:
            return known
        trip = Trip.of(message, effect)
        if trip.sequence is None and trip.not_before > self._clock.now():
            return [self._delayed(message, trip, until=trip.not_before)]
        return await self._in_turn(message, effect, trip.due(message))

    def refuse(self, message: Message, error: RecordError) -> Outputs:
        """A dead letter, and a record that the effect was given up."""
        self._ratio.count(dead=True)
        self._count("dead")
        letter = dead_letter(self._names.dead_letter, message, error, stage=self.name)
        try:
            effect = decode(Effect, message.value)
        except RecordError:
            return [letter]
        self._parking(message.partition).leave(effect.id)
        attempts = error.attempts if isinstance(error, GivenUpError) else 0
        return [
            letter,
            self._record(message, effect, attempts=attempts, status="dead", detail=f"{error}"),
        ]

    async def _in_turn(self, message: Message, effect: Effect, trip: Trip) -> Outputs:
        line = (message.key, self._destination(effect, trip))
        assert trip.sequence is not None  # noqa: S101 - it is due
        turn = self._parking(message.partition).turn(
            line, effect.id, sequence=trip.sequence, hop=trip.hop
        )
        if turn.void:
            return ()
        until, now = max(turn.behind or 0, trip.not_before), self._clock.now()
        late = turn.behind is not None and (now - turn.behind) * _MILLISECOND < LOST_AFTER
        if until > now or late:
            return [self._park(message, effect.id, trip, line=line, until=until)]
        return await self._try(message, effect, trip, line=line)

    async def _try(
        self, message: Message, effect: Effect, trip: Trip, *, line: Line
    ) -> Sequence[Output]:
        lane = self._lane(line[1])
        try:
            probe = await lane.enter()
        except Busy as busy:
            self._check_age(effect, trip, f"{line[1]} is down or crowded")
            until = self._clock.now() + busy.wait // _MILLISECOND
            return [self._park(message, effect.id, trip, line=line, until=until)]
        failure: DeliveryError | None = None
        try:
            async with asyncio.timeout(self._delivery.timeout.total_seconds()):
                attempt = Attempt(trip.attempt + 1, trip.sequence or 0)
                await self._delivery.attempt(effect, attempt)
        except DeliveryError as error:
            failure = error
        except TimeoutError:
            failure = DeliveryError(f"{line[1]} did not answer in time", permanent=False)
        except BaseException:
            lane.leave(probe=probe, failed=True)
            raise
        lane.leave(
            probe=probe,
            failed=failure is not None and failure.down,
            retry_after=failure.retry_after if failure else None,
        )
        trip = trip._replace(attempt=trip.attempt + 1)
        if failure is None or isinstance(failure, DroppedError):
            return [self._delivered(message, effect, trip, dropped=failure)]
        return [self._again(message, effect, trip, line=line, failure=failure)]

    def _again(
        self, message: Message, effect: Effect, trip: Trip, *, line: Line, failure: DeliveryError
    ) -> Output:
        if failure.permanent or trip.attempt > len(SCHEDULE):
            raise _given_up(effect, trip, f"{failure}")
        self._check_age(effect, trip, f"{failure}")
        self._count("retried")
        wait = max(DELAYS[SCHEDULE[trip.attempt - 1]], failure.retry_after or timedelta(0))
        until = self._clock.now() + wait // _MILLISECOND
        asked = until if failure.retry_after else 0
        trip = trip._replace(not_before=max(trip.not_before, asked))
        reason = f"{failure}"[:REASON_CHARACTERS]
        self._log.warning(
            "effect_waits",
            kind=effect.kind,
            flow_id=effect.flow_id,
            effect_id=effect.id,
            attempt=trip.attempt,
            reason=reason,
        )
        parked = self._park(message, effect.id, trip, line=line, until=until)
        return parked._replace(headers=(*parked.headers, (h.LAST_ERROR, reason.encode())))

    def _check_age(self, effect: Effect, trip: Trip, reason: str) -> None:
        if self._clock.now() - trip.since > GIVE_UP_AFTER / _MILLISECOND:
            raise _given_up(effect, trip, reason)

    def _count(self, status: str) -> None:
        REGISTRY.counter("authstream.effects", self._delivery.name, status).add()

    def _destination(self, effect: Effect, trip: Trip) -> str:
        try:
            parsed(self._delivery.inputs, self._delivery.name, effect.payload)
            return self._delivery.destination(effect)
        except DeliveryError as error:
            raise _given_up(effect, trip, f"{error}") from error

    def _delivered(
        self, message: Message, effect: Effect, trip: Trip, *, dropped: DroppedError | None
    ) -> Output:
        self._ratio.count(dead=False)
        self._count("delivered")
        self._parking(message.partition).leave(effect.id)
        status: EffectStatus = "dropped" if dropped else "delivered"
        detail = f"{dropped or ''}"
        return self._record(message, effect, attempts=trip.attempt, status=status, detail=detail)

    def _park(
        self, message: Message, effect_id: str, trip: Trip, *, line: Line, until: int
    ) -> Output:
        """Into a delay topic, with a place in its line."""
        assert trip.sequence is not None  # noqa: S101 - it is due
        output = self._delayed(message, trip, until=until)
        due = self._clock.now() + int(_longest(self._delay(until)) / _MILLISECOND)
        place = Place(trip.sequence, trip.hop + 1, due)
        self._parking(message.partition).park(line, effect_id, place)
        return output

    def _delayed(self, message: Message, trip: Trip, *, until: int) -> Output:
        headers = trip._replace(hop=trip.hop + 1).headers(message)
        topic = self._retry[self._delay(until)]
        return Output(topic, message.key, message.value, headers, message.partition)

    def _delay(self, until: int) -> str:
        """The longest delay that ends by then, else the shortest."""
        left = (until - self._clock.now()) * _MILLISECOND
        shortest, *_ = DELAYS
        return max(
            (name for name, delay in DELAYS.items() if delay <= left),
            key=DELAYS.__getitem__,
            default=shortest,
        )

    async def _stand(self) -> None:
        """Hold what there is until somebody has looked: nothing is committed, nothing drained."""
        if not self.halted:
            self.halted = True
            self._log.error(
                "stage_stands",
                dead_share=round(self._ratio.share, 2),
                remedy="repair the destination or the orders, then restart this worker",
            )
        await asyncio.get_running_loop().create_future()

    def _lane(self, destination: str) -> Lane:
        lane = self.lanes.get(destination)
        if lane is None:
            if len(self.lanes) >= _LANES:
                self.lanes = {name: lane for name, lane in self.lanes.items() if not lane.idle}
            lane = Lane(self._limits, clock=lambda: self._clock.now() / 1000)
            self.lanes[destination] = lane
        return lane

    def _record(
        self,
        message: Message,
        effect: Effect,
        *,
        attempts: int,
        status: EffectStatus,
        detail: str,
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
        return self._settled.record(message, done)

    def _parking(self, partition: int) -> Parking:
        return self._parked.setdefault(partition, Parking())

    def _remember_done(self, message: Message) -> None:
        effect_id = self._settled.remember(message)
        if effect_id is not None:
            self._parking(message.partition).leave(effect_id)

    def _remember_parked(self, message: Message) -> None:
        """One that waits, unless it is done; read after the done ones."""
        sequence = h.number(message.headers, h.SEQUENCE)
        if sequence is None:
            return
        try:
            effect = decode(Effect, message.value)
            line = (message.key, self._delivery.destination(effect))
        except (RecordError, DeliveryError):
            return
        if self._settled.finished(message, effect.id):
            return
        delay = next(name for name, topic in self._retry.items() if topic == message.topic)
        due = message.timestamp + int(_longest(delay) / _MILLISECOND)
        hop = h.number(message.headers, h.HOP) or 0
        self._parking(message.partition).park(line, effect.id, Place(sequence, hop, due))

    def _forget(self, _topic: str, partition: int) -> None:
        self._settled.forget(partition)
        self._parked.pop(partition, None)


def _longest(delay: str) -> timedelta:
    return DELAYS[delay] * (1 + JITTER)


def _given_up(effect: Effect, trip: Trip, reason: str) -> GivenUpError:
    return GivenUpError(
        f"effect {effect.id} ({effect.kind}) was given up after {trip.attempt} tries: {reason}",
        attempts=trip.attempt,
    )
