"""The memory runner, by the suite of all runners."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

import pytest

from authstream.broker.memory import MemoryBroker, MemoryRunner
from authstream.engine.ports import ManualClock, Message, Output, PointReader, Stage
from tests.contract.resume_suite import ResumeSuite
from tests.contract.runner_suite import PARTITIONS, Ground, RunnerSuite


class MemoryGround(Ground):
    """A broker of lists. Stages work when somebody looks."""

    def __init__(self) -> None:
        self.prefix = "auth"
        self._broker = MemoryBroker(ManualClock(), partitions=PARTITIONS)
        self._runner: MemoryRunner | None = None

    async def create(self, topics: Sequence[str]) -> None:
        """Topics appear on first use."""

    async def publish(self, outputs: Sequence[Output]) -> list[tuple[int, int]]:
        """Append them."""
        written = [self._broker.append(output) for output in outputs]
        return [(message.partition, message.offset) for message in written]

    @asynccontextmanager
    async def running(self, stages: Sequence[Stage]) -> AsyncGenerator[None]:
        """A runner that works when `records` is called."""
        self._runner = MemoryRunner(self._broker, stages)
        await self._runner.start()
        yield
        await self._runner.stop()
        self._runner = None

    async def records(self, topic: str, count: int) -> list[Message]:
        """Everything that is there when all is done."""
        if self._runner is not None:
            await self._runner.run_until_idle()
        found = self._broker.records(topic)
        assert len(found) == count
        return found

    @property
    def reader(self) -> PointReader:
        """The broker itself."""
        return self._broker


class TestMemoryRunner(RunnerSuite, ResumeSuite):
    """The suite on the memory runner."""

    @pytest.fixture
    def ground(self) -> Ground:
        """An empty broker."""
        return MemoryGround()
