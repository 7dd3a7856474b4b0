"""The ground of the runner suite on anything that speaks Kafka's protocol."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

from authstream.broker.embedded import touch
from authstream.broker.faust import FaustRunner
from authstream.broker.kafka_reader import KafkaPointReader
from authstream.engine.ports import Message, Output, PointReader, Stage
from authstream.settings import Settings
from tests import kafka_log
from tests.contract.runner_suite import Ground


class KafkaGround(Ground):
    """A prefix on a broker; the Faust runner."""

    def __init__(self, settings: Settings) -> None:
        self.prefix = settings.prefix
        self.settings = settings
        self._reader = KafkaPointReader(settings)

    async def create(self, topics: Sequence[str]) -> None:
        """Create them; the embedded broker makes them when asked."""
        if self.settings.embedded:
            await asyncio.to_thread(touch, self.settings, topics)
        else:
            await asyncio.to_thread(kafka_log.create, self.settings.brokers, topics)

    async def publish(self, outputs: Sequence[Output]) -> list[tuple[int, int]]:
        """Write them as any client does."""
        return await asyncio.to_thread(kafka_log.publish, self.settings.brokers, outputs)

    @asynccontextmanager
    async def running(self, stages: Sequence[Stage]) -> AsyncGenerator[None]:
        """The Faust runner, ready; afterwards it must have stopped without a failure."""
        failures: list[BaseException] = []
        runner = FaustRunner(stages, self.settings, failed=failures.append)
        await runner.start()
        try:
            async with asyncio.timeout(kafka_log.PATIENCE.total_seconds()):
                while not runner.ready and not failures:  # noqa: ASYNC110 - it sets no event
                    await asyncio.sleep(0.01)
            yield
        finally:
            await runner.stop()
        assert failures == []

    async def records(self, topic: str, count: int) -> list[Message]:
        """Wait for so many, then see that there are no more."""
        found = await asyncio.to_thread(kafka_log.read, self.settings.brokers, topic, count)
        assert len(found) == count
        return found

    @property
    def reader(self) -> PointReader:
        """A point reader of its own."""
        return self._reader

    def close(self) -> None:
        """Release the connections."""
        self._reader.close()
