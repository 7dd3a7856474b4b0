"""A dispatcher by itself: handlers do what a test says, a broker acknowledges when it says."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from datetime import timedelta

from authstream.broker.assignment import Assigned, Cell
from authstream.broker.dispatcher import WINDOW, Dispatcher
from authstream.broker.producer import Acknowledged
from authstream.engine.ports import Message, Output, Outputs, Stage
from authstream.errors import RecordError

Handler = Callable[[Message], Outputs | Awaitable[Outputs]]


class Scripted(Stage):
    """Does what the test says; a refusal is one output on `refused`."""

    name = "scripted"
    topics = ("in",)

    def __init__(self, handler: Handler) -> None:
        self._handler = handler

    def handle(self, message: Message) -> Outputs | Awaitable[Outputs]:
        """As told."""
        return self._handler(message)

    def refuse(self, message: Message, error: RecordError) -> Outputs:
        """Its code."""
        return [Output("refused", message.key, error.code.encode())]


class Bench:
    """A dispatcher on one partition, and a broker that acknowledges when the test says."""

    def __init__(
        self,
        handler: Handler,
        *,
        at_once: bool = True,
        window: int = WINDOW,
        timeout: timedelta = Stage.timeout,
    ) -> None:
        self.stage = Scripted(handler)
        self.stage.timeout = timeout
        self.failures: list[BaseException] = []
        self.sent: list[Output] = []
        self.unacknowledged: list[Acknowledged] = []
        self.partition = Assigned("in", 0)
        self._at_once = at_once
        self.dispatcher = Dispatcher(
            self.stage, self.send, fatal=self.failures.append, window=window
        )

    def accept(self, *pairs: tuple[bytes | None, bytes]) -> list[Cell]:
        """Messages in the order given."""
        cells: list[Cell] = []
        for key, value in pairs:
            offset = self.partition.next_offset or 0
            cells.append(self.partition.add(Message("in", 0, offset, key, value, (), 0)))
            self.dispatcher.accept(cells[-1])
        return cells

    def acknowledge(self) -> None:
        """All that was sent so far, and what follows from it."""
        while self.unacknowledged:
            self.unacknowledged.pop(0)(100 + len(self.sent))

    def values(self, topic: str = "out") -> list[bytes | None]:
        """What was sent there."""
        return [output.value for output in self.sent if output.topic == topic]

    def send(self, output: Output, acknowledged: Acknowledged) -> None:
        """What a producer does."""
        self.sent.append(output)
        if self._at_once:
            asyncio.get_running_loop().call_soon(acknowledged, len(self.sent))
        else:
            self.unacknowledged.append(acknowledged)


def out(message: Message) -> list[Output]:
    """The message on `out`."""
    return [Output("out", message.key, message.value)]


async def settle(condition: Callable[[], bool]) -> None:
    """Let the loop turn until it is true."""
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - what is waited for sets no event
            await asyncio.sleep(0)


class Gates:
    """Handlers that wait until the test lets them go on."""

    def __init__(self) -> None:
        self.started: list[bytes | None] = []
        self._gates: dict[bytes | None, asyncio.Event] = defaultdict(asyncio.Event)

    async def handle(self, message: Message) -> Outputs:
        """Wait for this value's gate."""
        self.started.append(message.value)
        await self._gates[message.value].wait()
        return out(message)

    def open(self, *values: bytes) -> None:
        """Let these go on."""
        for value in values:
            self._gates[value].set()
