"""lane: what one destination is asked for at a time, and when it is left alone."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from authstream.engine.lane import FAILURES, OPEN_FOR, Busy, Lane, Limits


class Time:
    """Seconds that tests move."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        """Now."""
        return self.seconds


async def attempt(lane: Lane, *, failed: bool, retry_after: timedelta | None = None) -> None:
    """One delivery."""
    probe = await lane.enter()
    lane.leave(probe=probe, failed=failed, retry_after=retry_after)


async def open_lane(time: Time) -> Lane:
    """One whose destination is down."""
    lane = Lane(Limits(), clock=time)
    for _ in range(FAILURES):
        await attempt(lane, failed=True)
    return lane


async def test_no_more_are_under_way_than_allowed() -> None:
    """The next one waits for its turn; where too many wait, one is sent away."""
    lane = Lane(Limits(concurrency=1))
    probe = await lane.enter()
    waiting = [asyncio.create_task(lane.enter()) for _ in range(2)]
    await asyncio.sleep(0)
    assert not any(task.done() for task in waiting)
    with pytest.raises(Busy):
        await lane.enter()
    lane.leave(probe=probe, failed=False)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert [task.done() for task in waiting] == [True, False]
    waiting[1].cancel()


async def test_failures_in_a_row_open_the_circuit() -> None:
    """Nothing is tried for a while; a success between them would have counted anew."""
    time = Time()
    lane = await open_lane(time)
    with pytest.raises(Busy) as busy:
        await lane.enter()
    assert busy.value.wait == OPEN_FOR


async def test_one_delivery_tries_an_open_circuit() -> None:
    """The others wait for what it finds; a success lets all in again."""
    time = Time()
    lane = await open_lane(time)
    time.seconds += OPEN_FOR.total_seconds()
    probe = await lane.enter()
    assert probe
    with pytest.raises(Busy):
        await lane.enter()
    lane.leave(probe=probe, failed=False)
    assert not await lane.enter()


async def test_a_destination_that_stays_down_is_tried_less_and_less() -> None:
    """Each failed try doubles the wait."""
    time = Time()
    lane = await open_lane(time)
    time.seconds += OPEN_FOR.total_seconds()
    await attempt(lane, failed=True)
    with pytest.raises(Busy) as busy:
        await lane.enter()
    assert busy.value.wait == OPEN_FOR * 2


async def test_a_destination_may_ask_to_be_left_alone() -> None:
    """One answer with `Retry-After` is enough."""
    lane = Lane(Limits(), clock=Time())
    await attempt(lane, failed=True, retry_after=timedelta(seconds=30))
    with pytest.raises(Busy) as busy:
        await lane.enter()
    assert busy.value.wait == timedelta(seconds=30)


async def test_a_rate_spreads_deliveries() -> None:
    """The next turn is awaited; a turn that is far off is not."""
    time = Time()
    lane = Lane(Limits(rate=1.0), clock=time)
    await attempt(lane, failed=False)
    second = asyncio.create_task(lane.enter())
    await asyncio.sleep(0)
    assert not second.done()
    with pytest.raises(Busy):
        await lane.enter()
    second.cancel()
