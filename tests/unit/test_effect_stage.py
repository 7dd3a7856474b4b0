"""effect: delivery under a stable id, tried again, recorded, given up in the open."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import BaseModel

from authstream.contracts import headers as h
from authstream.contracts.avro import decode, encode
from authstream.contracts.effect import Effect, EffectDone
from authstream.engine.delivery import Delivery
from authstream.engine.ports import ManualClock, Message, Output
from authstream.errors import DeliveryError, RecordError
from authstream.stages import effect as effect_module
from authstream.stages.effect import ATTEMPTS, EffectStage
from tests.samples import FLOW, NOW, TOPICS, message, read_back

AGAIN = DeliveryError("busy", permanent=False)
NEVER = DeliveryError("no such address", permanent=True)


class FakeDelivery(Delivery):
    """Fails with each of the given errors in turn, then delivers."""

    name = "fake"
    inputs = BaseModel

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


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tries follow at once."""
    monkeypatch.setattr(effect_module, "BACKOFF", timedelta(0))


def ordered(effect_id: str = "e1", *, offset: int = 0) -> Message:
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
    )
    return message(TOPICS.effects("fake"), encode(effect), partition=2, offset=offset)


def acknowledge(done: Output) -> None:
    """As the broker does for a record written."""
    assert done.then is not None
    assert done.then(7) == ()


def stage_of(delivery: Delivery) -> EffectStage:
    """The stage of a kind."""
    return EffectStage(delivery, topics=TOPICS, clock=ManualClock(NOW + 5))


async def test_a_delivered_effect_is_recorded() -> None:
    """In the same partition and under the same key as its order, so that it is found again."""
    delivery = FakeDelivery()
    (output,) = await stage_of(delivery).handle(ordered())
    done = decode(EffectDone, output.value)
    assert (output.topic, output.partition) == (TOPICS.effects_done("fake"), 2)
    assert (done.id, done.status, done.attempts, done.done_at) == ("e1", "delivered", 1, NOW + 5)
    assert [effect.id for effect in delivery.delivered] == ["e1"]


async def test_a_passing_problem_is_tried_again() -> None:
    """Busy servers and time-outs; the record says how many tries it took."""
    delivery = FakeDelivery(AGAIN, TimeoutError())
    (output,) = await stage_of(delivery).handle(ordered())
    assert decode(EffectDone, output.value).attempts == 3


@pytest.mark.parametrize(("errors", "tries"), [([AGAIN] * ATTEMPTS, ATTEMPTS), ([NEVER], 1)])
async def test_an_effect_that_cannot_be_delivered_is_given_up(
    errors: list[Exception], tries: int
) -> None:
    """At once where no try can help, else after the last: a dead letter and a record of it."""
    delivery = FakeDelivery(*errors)
    stage, record = stage_of(delivery), ordered()
    with pytest.raises(RecordError) as caught:
        await stage.handle(record)
    letter, output = stage.refuse(record, caught.value)
    done = decode(EffectDone, output.value)
    assert (letter.topic, letter.value) == (TOPICS.dead_letter, record.value)
    assert (done.status, done.attempts, delivery.tries) == ("dead", tries, tries)
    assert f"{errors[-1]}" in done.detail


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
    (memory,) = stage.memories
    memory.forget(TOPICS.effects("fake"), 2)
    (again,) = await stage.handle(ordered())
    assert (again.value, len(delivery.delivered)) == (done.value, 1)


async def test_what_was_done_is_known_after_a_move() -> None:
    """Read back from the done topic by its headers."""
    (output,) = await stage_of(FakeDelivery()).handle(ordered())
    delivery = FakeDelivery()
    stage = stage_of(delivery)
    (memory,) = stage.memories
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
