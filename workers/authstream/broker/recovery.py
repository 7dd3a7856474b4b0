"""Rebuilds from the log what a stage must remember of a partition, before it handles any of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple, TypeVar

import structlog

from authstream.broker.assignment import Assigned
from authstream.broker.kafka_config import group_of
from authstream.broker.kafka_reader import KafkaReader, Place, back
from authstream.engine.ports import Clock, Memory, Message, Stage
from authstream.errors import BrokerUnreachableError
from authstream.settings import Settings

T = TypeVar("T")
#: Between tries while the broker does not answer.
_RETRY_SECONDS = 0.2
#: Runs a function on the event loop, after all that were given before.
OnLoop = Callable[[Callable[[], None]], None]


class Recovery:
    """One thread for each rebalance: polling goes on meanwhile, the new partitions stay paused."""

    def __init__(
        self,
        stage: Stage,
        settings: Settings,
        *,
        clock: Clock,
        on_loop: OnLoop,
        fatal: Callable[[BaseException], None],
    ) -> None:
        self._stage = stage
        self._settings = settings
        self._clock = clock
        self._on_loop = on_loop
        self._fatal = fatal
        self._log = structlog.get_logger("authstream.recovery").bind(stage=stage.name)

    def begin(self, partitions: Sequence[Assigned]) -> None:
        """Rebuild in the background; partitions become `ready` when the loop has remembered all."""
        threading.Thread(
            target=self._run,
            args=(list(partitions),),
            name=f"recover-{self._stage.name}",
            daemon=True,
        ).start()

    def _run(self, partitions: list[Assigned]) -> None:
        started = time.monotonic()
        try:
            read = self._rebuild(partitions)
        except BaseException as error:  # noqa: BLE001 - not ready for ever
            self._fatal(error)
            return
        self._on_loop(lambda: _mark_ready(partitions))
        self._log.info(
            "memory_rebuilt",
            partitions=len(partitions),
            records=read,
            seconds=round(time.monotonic() - started, 3),
        )

    def _rebuild(self, partitions: list[Assigned]) -> int:
        reader = KafkaReader(self._settings, group=group_of(self._settings, self._stage))
        try:
            return sum(self._recall(reader, memory, partitions) for memory in self._stage.memories)
        finally:
            reader.close()

    def _recall(self, reader: KafkaReader, memory: Memory, partitions: list[Assigned]) -> int:
        sources = sorted(_sources(memory, partitions))
        ends = self._patiently(lambda: _ends(reader, memory, sources), partitions) or {}
        remember = partial(self._remember, reader, memory, ends)
        return self._patiently(remember, partitions) or 0

    def _patiently(self, ask: Callable[[], T], live: list[Assigned]) -> T | None:
        """What the broker answers, however long that takes; None once no partition is ours."""
        while not all(partition.revoked for partition in live):
            try:
                return ask()
            except BrokerUnreachableError as error:
                self._log.warning("broker_unreachable", reason=str(error))
                time.sleep(_RETRY_SECONDS)
        return None

    def _remember(self, reader: KafkaReader, memory: Memory, ends: dict[Place, _Span]) -> int:
        read = 0
        starts = reader.offsets_at(list(ends), back(memory.window, now=self._clock.now()))
        wanted = {
            place: (max(starts[place], _known(memory, place, span)), span.end)
            for place, span in ends.items()
        }
        for batch in reader.ranges(wanted):
            self._on_loop(_rememberer(memory, batch))
            read += len(batch)
        for place, (_, end) in wanted.items():
            self._on_loop(partial(_reached, memory, place, end))
        return read


class _Span(NamedTuple):
    """Of a partition: one past the last record to read, and one past the last there is."""

    end: int
    high: int


def _ends(reader: KafkaReader, memory: Memory, sources: Sequence[Place]) -> dict[Place, _Span]:
    """How far to read, of the partitions that have any records."""
    spans = reader.spans(sources)
    ends = {place: high for place, (_, high) in spans.items()}
    if memory.until_position:
        ends = reader.committed(sources)
    return {
        place: _Span(end, spans[place][1]) for place, end in ends.items() if end > spans[place][0]
    }


def _known(memory: Memory, place: Place, span: _Span) -> int:
    """Before here everything is remembered already; 0 where nothing is."""
    position = memory.windows.position(*place) if memory.windows is not None else None
    # Past the end: the topic was made anew under its old name.
    return position if position is not None and position <= span.high else 0


def _reached(memory: Memory, place: Place, end: int) -> None:
    if memory.windows is not None:
        memory.windows.reached(*place, end)


def _sources(memory: Memory, partitions: Sequence[Assigned]) -> set[Place]:
    """What to read: the assigned partitions themselves, or those of the same number elsewhere."""
    if memory.until_position:
        return {(partition.topic, partition.number) for partition in partitions}
    return {(topic, partition.number) for topic in memory.topics for partition in partitions}


def _rememberer(memory: Memory, batch: list[Message]) -> Callable[[], None]:
    def remember() -> None:
        for message in batch:
            memory.remember(message)

    return remember


def _mark_ready(partitions: list[Assigned]) -> None:
    for partition in partitions:
        partition.ready = True
