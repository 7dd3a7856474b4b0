"""A handler's time is limited: what it gets to do, and what its message becomes."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from authstream.broker.time_limits import TimeLimits
from authstream.engine.ports import Message, Outputs
from tests.dispatcher_bench import Bench, Gates, out, settle


async def test_a_handler_over_its_time_is_refused() -> None:
    """It is cancelled, its message answered, and its key goes on."""
    gates = Gates()
    bench = Bench(gates.handle, timeout=timedelta(milliseconds=20))
    gates.open(b"good")
    bench.accept((b"k", b"hangs"), (b"k", b"good"))
    await settle(lambda: bench.partition.safe == 2)
    assert bench.values("refused") == [b"handler_timeout"]
    assert bench.values() == [b"good"]


async def test_a_handler_that_breaks_when_it_is_cancelled_is_still_late() -> None:
    """What it raises instead of ending does not hide why it was cancelled."""

    async def handle(_: Message) -> Outputs:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError as error:
            raise ValueError("cannot be stopped") from error
        return ()

    bench = Bench(handle, timeout=timedelta(milliseconds=20))
    bench.accept((b"k", b"1"))
    await settle(lambda: bench.partition.safe == 1)
    assert bench.values("refused") == [b"handler_timeout"]


async def test_a_handler_that_answers_in_spite_of_its_limit_has_answered() -> None:
    """Its outputs are as good as any, and nothing is left over for the next message."""

    async def handle(message: Message) -> Outputs:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return out(message)
        return ()

    bench = Bench(handle, timeout=timedelta(milliseconds=20))
    bench.accept((b"k", b"1"), (b"k", b"2"))
    await settle(lambda: bench.partition.safe == 2)
    assert bench.values() == [b"1", b"2"]


async def test_a_time_out_of_the_handlers_own_is_not_ours() -> None:
    """A `TimeoutError` that a handler lets through is an error of the handler."""

    async def handle(_: Message) -> Outputs:
        await asyncio.sleep(0)
        raise TimeoutError

    bench = Bench(handle)
    bench.accept((b"k", b"1"))
    await settle(lambda: bench.partition.safe == 1)
    assert bench.values("refused") == [b"handler_error"]


async def test_tasks_that_have_ended_are_not_kept_behind_one_that_runs_for_long() -> None:
    """A metadata patch may wait for its sink for hours, while thousands of others go by."""
    limits = TimeLimits(timedelta(minutes=10))
    long = asyncio.create_task(asyncio.sleep(60))
    limits.watch(long)
    for _ in range(5_000):
        task = asyncio.create_task(asyncio.sleep(0))
        limits.watch(task)
    await settle(lambda: limits.watched == 1)
    long.cancel()
