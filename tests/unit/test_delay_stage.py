"""delay: effects come back when the time of their topic is over, not before."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from authstream.contracts import headers as h
from authstream.contracts.topics import DELAYS
from authstream.engine.ports import ManualClock, Message
from authstream.errors import UndecodableError
from authstream.stages.delay import JITTER, Delay
from tests.samples import NOW, TOPICS, message

RETRY = TOPICS.effects_retry("email", "5s")


def stage(clock: ManualClock) -> Delay:
    """The stage of five seconds."""
    return Delay("5s", topics=TOPICS, kinds=["email", "log"], clock=clock)


def waiting(effect_id: str = "e1") -> Message:
    """A record written now."""
    return message(RETRY, b"bytes", headers={h.CE_ID: effect_id, h.HOP: "1"}, partition=3)


async def test_a_record_goes_on_when_its_time_has_come() -> None:
    """To its kind's topic, same partition, as it was."""
    clock = ManualClock(NOW)
    clock.advance(DELAYS["5s"] * (1 + JITTER))
    (output,) = await stage(clock).handle(waiting())
    record = waiting()
    assert (output.topic, output.partition) == (TOPICS.effects("email"), 3)
    assert output[1:4] == (record.key, record.value, record.headers)


async def test_a_record_is_held_back_until_then() -> None:
    """By the broker's time, whenever it is read."""
    clock = ManualClock(NOW)
    clock.advance(DELAYS["5s"] - timedelta(milliseconds=200))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await stage(clock).handle(waiting())


async def test_a_brokers_clock_that_is_ahead_makes_no_wait_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A record from the future waits its time from now on, not until the handler's limit."""
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    clock = ManualClock(NOW)
    clock.advance(-timedelta(hours=1))
    assert len(await stage(clock).handle(waiting())) == 1
    assert slept[0] <= (DELAYS["5s"] * (1 + JITTER)).total_seconds()


async def test_what_failed_together_does_not_come_back_together() -> None:
    """Each waits a little longer, by its id."""
    clock = ManualClock(NOW)
    clock.advance(DELAYS["5s"] * (1 + JITTER / 2))
    delay = stage(clock)
    tasks = [asyncio.create_task(_of(delay, f"e{number}")) for number in range(40)]
    await asyncio.sleep(0.02)
    done = sum(task.done() for task in tasks)
    for task in tasks:
        task.cancel()
    assert 5 < done < 35


async def _of(delay: Delay, effect_id: str) -> object:
    return await delay.handle(waiting(effect_id))


def test_a_record_that_cannot_be_handled_is_set_aside() -> None:
    """As in every stage."""
    (letter,) = stage(ManualClock(NOW)).refuse(waiting(), UndecodableError("broken"))
    assert letter.topic == TOPICS.dead_letter
