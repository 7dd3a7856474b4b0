"""The runner in memory: the same stages on lists, for `authstream test` and for tests."""

from __future__ import annotations

import asyncio
import inspect
from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta

from authstream.broker.dispatcher import HandlerError
from authstream.broker.murmur2 import partition_of
from authstream.engine.ports import Clock, Message, Output, Outputs, Stage
from authstream.errors import HandlerTimeoutError, RecordError

PARTITIONS = 4


class MemoryBroker:
    """Topics as lists. Also a PointReader."""

    def __init__(self, clock: Clock, *, partitions: int = PARTITIONS) -> None:
        self._clock = clock
        self._count = partitions
        self.logs: dict[tuple[str, int], list[Message]] = defaultdict(list)
        #: Where each stage goes on, by stage, topic and partition.
        self.committed: dict[tuple[str, str, int], int] = defaultdict(int)
        self._round_robin = 0

    def now(self) -> int:
        """Broker time, milliseconds since the epoch."""
        return self._clock.now()

    def append(self, output: Output) -> Message:
        """Write a record; its offset is its place in its partition."""
        number = self._partition(output)
        log = self.logs[output.topic, number]
        message = Message(
            output.topic,
            number,
            len(log),
            output.key,
            output.value,
            output.headers,
            self._clock.now(),
        )
        log.append(message)
        return message

    def records(self, topic: str) -> list[Message]:
        """All records of a topic, partition by partition."""
        return [
            message
            for (name, _), log in sorted(self.logs.items())
            if name == topic
            for message in log
        ]

    async def read(self, topic: str, partition: int, offset: int) -> Message | None:
        """The record at exactly this place, or None."""
        log = self.logs[topic, partition]
        return log[offset] if 0 <= offset < len(log) else None

    def _partition(self, output: Output) -> int:
        if output.partition is not None:
            return output.partition
        if output.key is None:
            self._round_robin = (self._round_robin + 1) % self._count
            return self._round_robin
        return partition_of(output.key, self._count)


class MemoryRunner:
    """Feeds stages until nothing is left.

    Deterministic: one message at a time, stages in the order given.
    """

    def __init__(self, broker: MemoryBroker, stages: Sequence[Stage]) -> None:
        self.broker = broker
        self._stages = list(stages)
        self._committed = broker.committed
        self._recovered: set[tuple[str, str, int]] = set()

    async def start(self) -> None:
        """Start every stage, at the same time: most of it is waiting for guests."""
        await asyncio.gather(*(stage.start() for stage in self._stages))

    async def add(self, stage: Stage) -> None:
        """Start one more stage."""
        await stage.start()
        self._stages.append(stage)

    async def remove(self, name: str) -> None:
        """Stop one stage."""
        (stage,) = (one for one in self._stages if one.name == name)
        self._stages.remove(stage)
        await stage.stop()

    def hosts(self, name: str) -> bool:
        """A stage of this name was started."""
        return any(one.name == name for one in self._stages)

    works = hosts

    async def stop(self) -> None:
        """Stop every stage."""
        await asyncio.gather(*(stage.stop() for stage in self._stages))

    async def run_until_idle(self) -> None:
        """Handle everything there is, and all that follows from it."""
        while True:
            found = next(
                (
                    (stage, key)
                    for stage in self._stages
                    for key in list(self.broker.logs)
                    if self._due(stage, key)
                ),
                None,
            )
            if found is None:
                return
            await self._one(*found)

    def _due(self, stage: Stage, key: tuple[str, int]) -> bool:
        return key[0] in stage.topics and self._committed[stage.name, *key] < len(
            self.broker.logs[key]
        )

    async def _one(self, stage: Stage, key: tuple[str, int]) -> None:
        self._recover(stage, key)
        offset = self._committed[stage.name, *key]
        message = self.broker.logs[key][offset]
        self._write(await self._handled(stage, message))
        self._committed[stage.name, *key] = offset + 1

    async def _handled(self, stage: Stage, message: Message) -> Outputs:
        seconds = stage.timeout.total_seconds()
        limit = asyncio.timeout(seconds)
        try:
            async with limit:
                result = stage.handle(message)
                return await result if inspect.isawaitable(result) else result
        except RecordError as error:
            return stage.refuse(message, error)
        except Exception as error:  # noqa: BLE001 - every login is answered
            if limit.expired():
                late = HandlerTimeoutError(f"{stage.name} did not finish within {seconds} s")
                return stage.refuse(message, late)
            return stage.refuse(message, HandlerError.of(stage, error))

    def _write(self, outputs: Outputs) -> None:
        for output in outputs:
            offset = self.broker.append(output).offset
            if output.then is not None:
                self._write(output.then(offset))

    def _recover(self, stage: Stage, key: tuple[str, int]) -> None:
        """Rebuild the stage's memory of a partition before its first message, as when assigned."""
        if (stage.name, *key) in self._recovered:
            return
        self._recovered.add((stage.name, *key))
        topic, number = key
        for memory in stage.memories:
            for name in [topic] if memory.until_position else memory.topics:
                end = self._committed[stage.name, *key] if memory.until_position else None
                oldest = self.broker.now() - int(memory.window / timedelta(milliseconds=1))
                for message in self.broker.logs[name, number][:end]:
                    if message.timestamp >= oldest:
                        memory.remember(message)
