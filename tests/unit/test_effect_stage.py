"""effect: delivery under a stable id, tried again, recorded, given up in the open."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from pydantic import BaseModel, ConfigDict

from authstream.contracts import headers as h
from authstream.contracts.avro import decode, encode
from authstream.contracts.effect import Effect, EffectDone
from authstream.engine.dead_ratio import LEAST
from authstream.engine.delivery import Delivery
from authstream.engine.lane import FAILURES
from authstream.engine.ports import ManualClock, Message, Output
from authstream.errors import DeliveryError, DroppedError, RecordError
from authstream.stages.effect import SCHEDULE, EffectStage
from tests.samples import FLOW, NOW, TOPICS, message, read_back

AGAIN = DeliveryError("busy", permanent=False)
NEVER = DeliveryError("no such address", permanent=True)
DONE = TOPICS.effects_done("fake")


class AnyPayload(BaseModel):
    """Whatever it is."""

    model_config = ConfigDict(extra="allow")


class FakeDelivery(Delivery):
    """Fails with each of the given errors in turn, then delivers."""

    name = "fake"
    inputs = AnyPayload

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.delivered: list[Effect] = []
        self.tries = 0
        self.life: list[str] = []

    async def start(self) -> None:
        """Remember it."""
        self.life.append("started")

    async def stop(self) -> None:
        """Remember it."""
        self.life.append("stopped")

    async def deliver(self, effect: Effect) -> None:
        """The next error, or success."""
        self.tries += 1
        if self.errors:
            raise self.errors.pop(0)
        self.delivered.append(effect)


def ordered(effect_id: str = "e1", *, offset: int = 0, not_before: int = 0) -> Message:
    """An effect that waits for delivery."""
    effect = Effect(
        id=effect_id,
        kind="fake",
        flow_id=FLOW,
        leg=0,
        tenant="default",
        trigger="post-login",
        action="claims",
        payload={"to": "ada@example.com"},
        ordered_at=NOW,
        not_before=not_before,
    )
    return message(TOPICS.effects("fake"), encode(effect), partition=2, offset=offset)


def acknowledge(done: Output) -> None:
    """As the broker does for a record written."""
    assert done.then is not None
    assert done.then(7) == ()


def stage_of(delivery: Delivery, clock: ManualClock | None = None) -> EffectStage:
    """The stage of a kind."""
    return EffectStage(delivery, topics=TOPICS, clock=clock or ManualClock(NOW + 5))


def come_back(parked: Output, *, offset: int) -> Message:
    """As the delay stage sends it on."""
    return read_back(parked, offset=offset)._replace(topic=TOPICS.effects("fake"))


async def test_a_delivered_effect_is_recorded() -> None:
    """In the same partition and under the same key as its order, so that it is found again."""
    delivery = FakeDelivery()
    (output,) = await stage_of(delivery).handle(ordered())
    done = decode(EffectDone, output.value)
    assert (output.topic, output.partition) == (TOPICS.effects_done("fake"), 2)
    assert (done.id, done.status, done.attempts, done.done_at) == ("e1", "delivered", 1, NOW + 5)
    assert h.text(output.headers, h.STATUS) == "delivered"
    assert [effect.id for effect in delivery.delivered] == ["e1"]


async def test_what_is_not_to_be_sent_is_done() -> None:
    """Neither tried again nor a dead letter, and not sent when it is read again."""
    delivery = FakeDelivery(DroppedError("no consent"))
    stage = stage_of(delivery)
    (output,) = await stage.handle(ordered())
    done = decode(EffectDone, output.value)
    assert (output.topic, done.status, done.detail) == (DONE, "dropped", "no consent")
    assert h.text(output.headers, h.STATUS) == "dropped"
    acknowledge(output)
    assert await stage.handle(ordered()) == ()
    assert delivery.tries == 1


async def test_a_passing_problem_waits_in_a_delay_topic() -> None:
    """Same key, bytes and partition; when it comes back and is delivered, the record says how often
    it was tried.
    """
    stage = stage_of(FakeDelivery(AGAIN))
    record = ordered()
    (parked,) = await stage.handle(record)
    assert (parked.topic, parked.partition) == (TOPICS.effects_retry("fake", "5s"), 2)
    assert (parked.key, parked.value) == (record.key, record.value)
    (done,) = await stage.handle(come_back(parked, offset=4))
    assert (done.topic, decode(EffectDone, done.value).attempts) == (DONE, 2)
    assert set(dict(done.headers)).isdisjoint(h.TRIP)


async def test_a_destination_that_names_a_time_is_left_alone_until_then() -> None:
    """An effect that comes back too soon waits again, untried."""
    clock = ManualClock(NOW)
    delivery = FakeDelivery(
        DeliveryError("slow", permanent=False, retry_after=timedelta(minutes=3))
    )
    stage = stage_of(delivery, clock)
    (parked,) = await stage.handle(ordered())
    assert parked.topic == TOPICS.effects_retry("fake", "1m")
    clock.advance(timedelta(minutes=1))
    (parked,) = await stage.handle(come_back(parked, offset=1))
    assert (parked.topic, delivery.tries) == (TOPICS.effects_retry("fake", "1m"), 1)
    clock.advance(timedelta(minutes=2))
    (done,) = await stage.handle(come_back(parked, offset=2))
    assert (done.topic, delivery.tries) == (DONE, 2)


async def test_an_effect_ordered_for_later_waits_in_no_line() -> None:
    """Others of the same user pass it; from its time on it is like any other."""
    clock = ManualClock(NOW)
    delivery = FakeDelivery()
    stage = stage_of(delivery, clock)
    (waiting,) = await stage.handle(ordered("later", not_before=NOW + 90_000))
    assert waiting.topic == TOPICS.effects_retry("fake", "1m")
    await stage.handle(ordered("now", offset=1))
    clock.advance(timedelta(seconds=90))
    await stage.handle(come_back(waiting, offset=2))
    assert [effect.id for effect in delivery.delivered] == ["now", "later"]


async def test_what_comes_after_a_waiting_effect_of_its_key_waits_behind_it() -> None:
    """Order for each key is kept over delay topics; others are not held up."""
    delivery = FakeDelivery(AGAIN)
    stage = stage_of(delivery)
    (first,) = await stage.handle(ordered("e1"))
    (second,) = await stage.handle(ordered("e2", offset=1))
    assert second.topic == TOPICS.effects_retry("fake", "5s")
    await stage.handle(ordered("other", offset=2)._replace(key=b"default/user-2"))
    (still,) = await stage.handle(come_back(second, offset=3))
    await stage.handle(come_back(first, offset=4))
    await stage.handle(come_back(still, offset=5))
    assert [effect.id for effect in delivery.delivered] == ["other", "e1", "e2"]


async def test_an_effect_that_comes_back_late_is_still_the_first() -> None:
    """A busy worker is late by seconds; one that is lost holds up the others for a minute."""
    clock = ManualClock(NOW)
    delivery = FakeDelivery(AGAIN)
    stage = stage_of(delivery, clock)
    await stage.handle(ordered("e1"))
    (second,) = await stage.handle(ordered("e2", offset=1))
    clock.advance(timedelta(seconds=30))
    (second,) = await stage.handle(come_back(second, offset=2))
    assert delivery.delivered == []
    clock.advance(timedelta(seconds=40))
    await stage.handle(come_back(second, offset=3))
    assert [effect.id for effect in delivery.delivered] == ["e2"]


async def test_the_order_is_kept_by_the_next_owner_of_the_partition() -> None:
    """What waits is read back from the delay topics, less what is done."""
    stage = stage_of(FakeDelivery(AGAIN))
    (first,) = await stage.handle(ordered("e1"))
    delivery = FakeDelivery()
    stage = stage_of(delivery)
    for memory in stage.memories:
        if first.topic in memory.topics:
            memory.remember(read_back(first))
    (second,) = await stage.handle(ordered("e2", offset=1))
    assert second.topic == TOPICS.effects_retry("fake", "5s")
    await stage.handle(come_back(first, offset=2))
    await stage.handle(come_back(second, offset=3))
    assert [effect.id for effect in delivery.delivered] == ["e1", "e2"]


async def test_an_older_copy_of_a_waiting_effect_is_void() -> None:
    """A crash between two writes makes copies; they must not multiply."""
    delivery = FakeDelivery(AGAIN)
    stage = stage_of(delivery)
    await stage.handle(ordered())
    assert await stage.handle(ordered(offset=1)) == ()
    assert delivery.tries == 1


async def test_a_destination_that_is_down_is_not_asked_by_everybody() -> None:
    """After some failures in a row the rest waits untried."""
    delivery = FakeDelivery(*[AGAIN] * 50)
    stage = stage_of(delivery)
    for number in range(20):
        record = ordered(f"e{number}", offset=number)._replace(key=f"u{number}".encode())
        (parked,) = await stage.handle(record)
        assert parked.topic == TOPICS.effects_retry("fake", "5s")
    assert delivery.tries == FAILURES


async def test_a_stage_that_gives_up_too_many_stands() -> None:
    """It holds what comes instead of emptying its topic into the dead letters."""
    delivery = FakeDelivery(*[NEVER] * LEAST)
    stage = EffectStage(delivery, topics=TOPICS, clock=ManualClock(NOW), dead_ratio=0.5)
    for number in range(LEAST):
        record = ordered(f"e{number}", offset=number)
        with pytest.raises(RecordError) as caught:
            await stage.handle(record)
        stage.refuse(record, caught.value)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await stage.handle(ordered("next", offset=LEAST))
    assert (stage.halted, delivery.tries) == (True, LEAST)


@pytest.mark.parametrize(
    ("errors", "tries"), [([AGAIN] * (len(SCHEDULE) + 1), len(SCHEDULE) + 1), ([NEVER], 1)]
)
async def test_an_effect_that_cannot_be_delivered_is_given_up(
    errors: list[Exception], tries: int
) -> None:
    """At once where no try can help, else after the last: a dead letter and a record of it."""
    delivery = FakeDelivery(*errors)
    clock = ManualClock(NOW)
    stage, record = stage_of(delivery, clock), ordered()
    for offset in range(1, tries):
        (parked,) = await stage.handle(record)
        record = come_back(parked, offset=offset)
        stage.lanes.clear()  # its circuit is another test's
    with pytest.raises(RecordError) as caught:
        await stage.handle(record)
    letter, output = stage.refuse(record, caught.value)
    done = decode(EffectDone, output.value)
    assert (letter.topic, letter.value) == (TOPICS.dead_letter, record.value)
    assert (done.status, done.attempts, delivery.tries) == ("dead", tries, tries)
    assert f"{errors[-1]}" in done.detail


async def test_an_effect_that_was_given_up_is_tried_again_only_when_asked_for() -> None:
    """By an operator, under the same id; delivered then, it is never delivered again."""
    delivery = FakeDelivery(NEVER)
    stage, record = stage_of(delivery), ordered()
    with pytest.raises(RecordError) as caught:
        await stage.handle(record)
    acknowledge(stage.refuse(record, caught.value)[1])
    assert await stage.handle(ordered(offset=1)) == ()
    replayed = ordered(offset=2)._replace(headers=((h.REPLAY, b"1"),))
    (done,) = await stage.handle(replayed)
    acknowledge(done)
    assert await stage.handle(replayed._replace(offset=3)) == ()
    assert len(delivery.delivered) == 1


async def test_an_effect_delivered_before_is_not_delivered_again() -> None:
    """Ordered twice by a crash of fanout, under the same id."""
    delivery = FakeDelivery()
    stage = stage_of(delivery)
    (done,) = await stage.handle(ordered())
    acknowledge(done)
    assert await stage.handle(ordered(offset=1)) == ()
    assert len(delivery.delivered) == 1


async def test_an_effect_is_not_done_before_its_record_is() -> None:
    """Read again after a rebalance while the record is on its way: the record is written again.

    Else its offset would be committed, and the record lost with the process.
    """
    delivery = FakeDelivery()
    stage = stage_of(delivery)
    (done,) = await stage.handle(ordered())
    for memory in stage.memories:
        memory.forget(TOPICS.effects("fake"), 2)
    (again,) = await stage.handle(ordered())
    assert (again.value, len(delivery.delivered)) == (done.value, 1)


async def test_what_was_done_is_known_after_a_move() -> None:
    """Read back from the done topic by its headers."""
    (output,) = await stage_of(FakeDelivery()).handle(ordered())
    delivery = FakeDelivery()
    stage = stage_of(delivery)
    memory = next(one for one in stage.memories if one.topics == (DONE,))
    memory.remember(read_back(output))
    assert (await stage.handle(ordered()), delivery.delivered) == ((), [])
    memory.forget(TOPICS.effects("fake"), 2)
    assert len(await stage.handle(ordered())) == 1


async def test_a_record_that_is_no_effect_is_set_aside() -> None:
    """Nothing is delivered, nothing recorded as done."""
    stage, record = stage_of(FakeDelivery()), ordered()._replace(value=b"garbage")
    with pytest.raises(RecordError) as caught:
        await stage.handle(record)
    (letter,) = stage.refuse(record, caught.value)
    assert h.text(letter.headers, h.DEAD_REASON) == "undecodable"


async def test_a_kind_is_started_and_stopped_with_its_stage() -> None:
    """So that it can keep a connection open meanwhile."""
    delivery = FakeDelivery()
    stage = stage_of(delivery)
    await stage.start()
    await stage.stop()
    assert delivery.life == ["started", "stopped"]
