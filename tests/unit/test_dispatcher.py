"""The dispatcher: order for each key, a window over all, and done only after every output."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

import pytest

from authstream.broker.dispatcher import WINDOW, Dispatcher
from authstream.broker.producer import Acknowledged
from authstream.engine.ports import Message, Output, Outputs
from authstream.errors import RecordError, UndecodableError
from tests.dispatcher_bench import Bench, Gates, Scripted, out, settle


async def test_a_key_is_worked_on_in_order() -> None:
    """The next message of a key starts when the one before has given its outputs."""
    gates = Gates()
    bench = Bench(gates.handle)
    bench.accept((b"k", b"1"), (b"k", b"2"), (b"k", b"3"))
    await asyncio.sleep(0)
    assert gates.started == [b"1"]
    gates.open(b"3", b"2", b"1")
    await settle(lambda: bench.partition.safe == 3)
    assert bench.values() == [b"1", b"2", b"3"]


async def test_keys_are_worked_on_in_parallel() -> None:
    """Another key does not wait, nor does a message without key."""
    gates = Gates()
    bench = Bench(gates.handle)
    bench.accept((b"a", b"1"), (b"b", b"2"), (None, b"3"), (None, b"4"))
    await asyncio.sleep(0)
    assert gates.started == [b"1", b"2", b"3", b"4"]
    gates.open(b"1", b"2", b"3", b"4")
    await settle(lambda: bench.partition.safe == 4)


async def test_no_more_than_the_window_are_in_work() -> None:
    """The 257th starts when one of the first is done, outputs acknowledged."""
    gates = Gates()
    bench = Bench(gates.handle)
    bench.accept(*((b"%d" % n, b"%d" % n) for n in range(WINDOW + 2)))
    await asyncio.sleep(0)
    assert len(gates.started) == WINDOW
    gates.open(b"7")
    await settle(lambda: len(gates.started) == WINDOW + 1)
    gates.open(*(b"%d" % n for n in range(WINDOW + 2)))
    await settle(lambda: bench.partition.safe == WINDOW + 2)


async def test_a_key_with_too_many_waiting_is_limited() -> None:
    """Eight may wait behind the one in work; the ninth is answered at once, the others in order."""
    gates = Gates()
    bench = Bench(gates.handle)
    bench.stage.queue_per_key = 8
    values = [b"%d" % n for n in range(10)]
    bench.accept(*((b"k", value) for value in values), (b"other", b"x"))
    await asyncio.sleep(0)
    assert bench.values("refused") == [b"rate_limited"]
    assert gates.started == [b"0", b"x"]
    gates.open(*values, b"x")
    await settle(lambda: bench.partition.safe == 11)
    assert [value for value in bench.values() if value != b"x"] == values[:9]


async def test_messages_without_outputs_do_not_nest() -> None:
    """10 000 that wait for room and are done at once are a loop, not a recursion."""
    gates = Gates()

    def handle(message: Message) -> Outputs | Awaitable[Outputs]:
        return gates.handle(message) if message.value == b"first" else ()

    bench = Bench(handle, window=1)
    bench.accept((b"first", b"first"), *((b"%d" % n, b"") for n in range(10_000)))
    assert len(bench.partition.pending) == 10_001
    gates.open(b"first")
    await settle(lambda: bench.partition.safe == 10_001)
    assert bench.failures == []


async def test_a_key_with_answers_at_once_keeps_its_order() -> None:
    """What answers at once does not overtake what waited before it, at any size of the window."""
    gates = Gates()

    def handle(message: Message) -> Outputs | Awaitable[Outputs]:
        return gates.handle(message) if (message.value or b"").startswith(b"w") else out(message)

    for window in (1, 2, WINDOW):
        bench = Bench(handle, window=window)
        values = [b"w0", b"1", b"w2", b"3", b"4", b"w5", b"6"]
        bench.accept(*((b"k", value) for value in values))
        gates.open(b"w0", b"w2", b"w5")
        await settle(lambda b=bench: b.partition.safe == 7)  # type: ignore[misc]  # bound at once
        assert bench.values() == values


async def test_nothing_is_done_before_every_output_is_acknowledged() -> None:
    """Neither after the first output, nor before what follows an output."""

    def handle(message: Message) -> Outputs:
        def then(offset: int) -> Outputs:
            return [Output("then", message.key, str(offset).encode())]

        return [*out(message), Output("out", message.key, b"second", then=then)]

    bench = Bench(handle, at_once=False)
    (cell,) = bench.accept((b"k", b"first"))
    first, second = bench.unacknowledged
    bench.unacknowledged.clear()
    first(1)
    assert (cell.done, bench.partition.safe) == (False, None)
    second(42)
    assert bench.values("then") == [b"42"]
    assert (cell.done, bench.partition.safe) == (False, None)
    bench.acknowledge()
    assert (cell.done, bench.partition.safe, bench.partition.started) == (True, 1, 0)


async def test_commits_wait_for_the_oldest() -> None:
    """Later messages may be done; the safe offset stays before the one that is not."""
    gates = Gates()
    bench = Bench(gates.handle)
    cells = bench.accept((b"a", b"slow"), (b"b", b"1"), (b"c", b"2"))
    gates.open(b"1", b"2")
    await settle(lambda: cells[1].done and cells[2].done)
    assert bench.partition.safe is None
    assert bench.partition.behind == 3
    gates.open(b"slow")
    await settle(lambda: bench.partition.safe == 3)
    assert bench.partition.behind == 0


async def test_whatever_a_handler_raises_is_refused() -> None:
    """At once or after a wait, ours or not."""

    async def later(error: Exception) -> Outputs:
        await asyncio.sleep(0)
        raise error

    def handle(message: Message) -> Outputs | Awaitable[Outputs]:
        error = UndecodableError("no") if message.key == b"ours" else ValueError("no")
        if message.value == b"later":
            return later(error)
        raise error

    bench = Bench(handle)
    bench.accept(*((key, when) for key in (b"ours", b"other") for when in (b"now", b"later")))
    await settle(lambda: bench.partition.safe == 4)
    assert sorted(bench.values("refused")) == [b"handler_error"] * 2 + [b"undecodable"] * 2  # type: ignore[type-var]  # bytes all
    assert bench.failures == []


async def test_a_refusal_that_breaks_ends_the_process() -> None:
    """Nothing may be committed past a message that was neither handled nor set aside."""

    def handle(_: Message) -> Outputs:
        raise UndecodableError("no")

    class Broken(Scripted):
        def refuse(self, message: Message, error: RecordError) -> Outputs:
            raise RuntimeError(message, error)

    bench = Bench(handle)
    bench.stage = Broken(handle)
    bench.dispatcher = Dispatcher(bench.stage, bench.send, fatal=bench.failures.append)
    bench.accept((b"k", b"1"))
    assert [type(error) for error in bench.failures] == [RuntimeError]
    assert bench.partition.safe is None


async def test_an_output_that_cannot_be_sent_ends_the_process() -> None:
    """The message is not done, so that it is done again."""

    def send(output: Output, acknowledged: Acknowledged) -> None:
        raise BufferError(output, acknowledged)

    bench = Bench(out)
    bench.dispatcher = Dispatcher(bench.stage, send, fatal=bench.failures.append)
    (cell,) = bench.accept((b"k", b"1"))
    assert [type(error) for error in bench.failures] == [BufferError]
    assert not cell.done


async def test_revoked_messages_never_start() -> None:
    """Neither those that wait for their key, nor for room, nor those that come in late."""
    gates = Gates()
    bench = Bench(gates.handle, window=2)
    bench.stage.queue_per_key = 1
    bench.accept((b"k", b"1"), (b"k", b"2"), (b"l", b"3"), (b"m", b"4"))
    await asyncio.sleep(0)
    assert gates.started == [b"1", b"3"]
    bench.partition.revoked = True
    bench.accept((b"n", b"5"), (b"k", b"6"), (b"k", b"7"))
    gates.open(*(b"%d" % n for n in range(8)))
    await settle(lambda: bench.partition.started == 0)
    assert gates.started == [b"1", b"3"]
    assert bench.values("refused") == []


async def test_suspects_run_alone_and_are_announced() -> None:
    """Up to the offset given, one message at a time, told to the parent before it starts."""
    gates = Gates()
    bench = Bench(gates.handle)
    told: list[int] = []
    bench.dispatcher.suspects = {("in", 0): 2}
    bench.dispatcher.announce = lambda message: told.append(message.offset)
    bench.accept(*((b"%d" % n, b"%d" % n) for n in range(4)))
    await asyncio.sleep(0)
    assert (gates.started, told) == ([b"0"], [0])
    gates.open(b"0")
    await settle(lambda: told == [0, 1])
    gates.open(b"1")
    await settle(lambda: len(gates.started) == 4)
    assert told == [0, 1]
    gates.open(b"2", b"3")
    await settle(lambda: bench.partition.safe == 4)


async def test_offenders_are_set_aside_unread() -> None:
    """The handler never sees the message that ended the worker before."""
    gates = Gates()
    bench = Bench(gates.handle)
    bench.dispatcher.offenders = {("in", 0, 1)}
    gates.open(b"0", b"2")
    bench.accept(*((b"k", b"%d" % n) for n in range(3)))
    await settle(lambda: bench.partition.safe == 3)
    assert gates.started == [b"0", b"2"]
    assert bench.values("refused") == [b"poison"]


async def test_the_first_message_of_each_partition_is_reported() -> None:
    """Once, so that the parent knows where this run began."""
    met: list[tuple[str, int, int]] = []
    bench = Bench(out)
    bench.dispatcher.met = lambda topic, number, offset: met.append((topic, number, offset))
    bench.accept((b"k", b"1"), (b"k", b"2"))
    assert met == [("in", 0, 0)]


async def test_draining_cancels_and_acknowledges_nothing() -> None:
    """What is cut off at the end is not done."""
    gates = Gates()
    bench = Bench(gates.handle)
    (cell,) = bench.accept((b"k", b"1"))
    await asyncio.sleep(0)
    await bench.dispatcher.drained()
    assert (cell.done, bench.sent, bench.failures) == (False, [], [])


@pytest.mark.parametrize("waits", [False, True])
async def test_a_run_that_begins_with_a_waiting_message_is_not_reported(*, waits: bool) -> None:
    """It is there for minutes on purpose: crashes meanwhile say nothing against it."""
    bench = Bench(Gates().handle)
    bench.stage.waits = waits
    met: list[int] = []
    bench.dispatcher.met = lambda _topic, _partition, offset: met.append(offset)
    bench.accept((b"k", b"1"), (b"k", b"2"))
    assert met == ([] if waits else [0])
