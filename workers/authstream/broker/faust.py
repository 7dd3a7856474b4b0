"""The runner: a Faust app a worker, each stage an agent on a channel that confluent-kafka fills."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

import faust
import structlog
from faust.app.base import BootStrategy

from authstream.broker.assignment import Cell
from authstream.broker.dispatcher import Dispatcher
from authstream.broker.kafka_config import group_of
from authstream.broker.producer import KafkaProducer
from authstream.broker.recovery import Recovery
from authstream.broker.stage_consumer import DRAIN, StageConsumer
from authstream.engine.ports import Clock, Stage, SystemClock
from authstream.settings import Settings

#: On top of the drain, for the last commits and for leaving the groups.
_STOP_MARGIN = timedelta(seconds=10)


class _WithoutKafka(BootStrategy):
    """Faust's own switch: the app runs its services and agents, but no client of its own."""

    enable_kafka = False


class _App(faust.App):
    BootStrategy = _WithoutKafka

    def _create_directories(self) -> None:
        """Nothing is kept in files: no `<id>-data` where the worker happens to be started."""

    async def on_stop(self) -> None:
        """Also close what Faust makes for a consumer that it never runs."""
        await super().on_stop()
        thread_loop = getattr(getattr(self.consumer, "_thread", None), "thread_loop", None)
        if thread_loop is not None:
            thread_loop.close()


def _app(prefix: str) -> faust.App:
    return _App(
        f"{prefix}.worker",
        broker="kafka://127.0.0.1:1",
        web_enabled=False,
        topic_disable_leader=True,
        topic_allow_declare=False,
        table_standby_replicas=0,
        stream_wait_empty=False,
    )


def preload() -> None:
    """Load what Faust would load at its first agent (0.3 s), so that a spare starts fast."""
    app: Any = _app("preload")

    async def consume(stream: Any) -> None:  # noqa: ANN401 - Faust's stream of ours
        async for _ in stream:
            pass

    app.agent(app.channel(key_type=None, value_type=None), name="preload")(consume)


class FaustRunner:
    """Feeds stages from Kafka until stopped.

    `failed` is called once, on the loop, when the process must end.
    """

    def __init__(
        self,
        stages: Sequence[Stage],
        settings: Settings,
        *,
        failed: Callable[[BaseException], None],
        prepared: Callable[[Dispatcher], None] = lambda _dispatcher: None,
        clock: Clock | None = None,
    ) -> None:
        self._stages = stages
        self._settings = settings
        self._failed = failed
        #: Called with each stage's dispatcher before it gets its first message.
        self._prepared = prepared
        self._clock = clock or SystemClock()
        self._app = _app(settings.prefix)
        self.consumers: list[StageConsumer] = []
        self.dispatchers: dict[str, Dispatcher] = {}
        self._agents: dict[str, Any] = {}
        #: Stages added while others worked that have no share yet.
        self._joining: set[str] = set()
        self._producer: KafkaProducer | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._broken = False
        #: Held so that a batch on its way to its agent is not collected.
        self._puts: set[asyncio.Task[Any]] = set()
        self._log = structlog.get_logger("authstream.runner")

    async def start(self) -> None:
        """Start every stage, then read. Raises what a stage's own start raises."""
        self._loop = asyncio.get_running_loop()
        self._producer = KafkaProducer(self._settings, failed=self._fatal)
        await asyncio.gather(*(stage.start() for stage in self._stages))
        channels = [self._channel(stage) for stage in self._stages]
        await self._app.start()
        self._app.flow_control.resume()
        for stage, deliver in zip(self._stages, channels, strict=True):
            self._consume(stage, deliver)
        for consumer in self.consumers:
            consumer.thread.start()

    async def add(self, stage: Stage) -> None:
        """Start one more stage while the others work. Raises what its start raises."""
        await stage.start()
        self._stages = (*self._stages, stage)
        deliver = self._channel(stage)
        if (agent := self._agents.get(stage.name)) is not None:
            await agent.maybe_start()
        self._joining.add(stage.name)
        self._consume(stage, deliver)
        for consumer in self._of(stage.name):
            consumer.thread.start()

    async def remove(self, name: str) -> None:
        """Finish and leave one stage while the others work on."""
        leaving = self._of(name)
        for consumer in leaving:
            consumer.stop()
        await _joined(leaving)
        await self.dispatchers.pop(name).drained()
        if (agent := self._agents.pop(name, None)) is not None:
            await agent.stop()
            self._app.agents.pop(f"authstream.{name}", None)
        self.consumers = [one for one in self.consumers if one not in leaving]
        self._joining.discard(name)
        (stage,) = (one for one in self._stages if one.name == name)
        self._stages = [one for one in self._stages if one is not stage]
        await stage.stop()

    def hosts(self, name: str) -> bool:
        """A stage was started here, whether it works yet or not."""
        return bool(self._of(name))

    def works(self, name: str) -> bool:
        """A stage that was started here has its share of partitions."""
        return self.hosts(name) and all(map(_works, self._of(name)))

    async def stop(self) -> None:
        """Finish what is in work within `DRAIN`, commit, leave; the rest is the next one's."""
        for consumer in self.consumers:
            consumer.stop()
        await _joined([consumer for consumer in self.consumers if consumer.thread.ident])
        for dispatcher in self.dispatchers.values():
            await dispatcher.drained()
        if self._producer is not None:
            await asyncio.to_thread(self._producer.close)
        await self._app.stop()
        for stage in self._stages:
            await stage.stop()

    @property
    def ready(self) -> bool:
        """Every stage has its share of partitions, remembers what it must, and does not stand.

        A stage that was added later counts once it has come that far.
        """
        if any(stage.halted for stage in self._stages):
            return False
        self._joining = {name for name in self._joining if not self.works(name)}
        return all(_works(one) for one in self.consumers if one.stage not in self._joining)

    @property
    def skew(self) -> float | None:
        """Seconds by which this machine's clock is ahead of the broker's; None: not known yet."""
        return None if self._producer is None else self._producer.skew

    @property
    def stages(self) -> list[Stage]:
        """What it feeds."""
        return list(self._stages)

    def silences(self) -> dict[str, float]:
        """Seconds since each stage's consumer last turned, the longest; from any thread."""
        now, found = time.monotonic(), dict[str, float]()
        for one in list(self.consumers):
            found[one.stage] = max(found.get(one.stage, 0.0), now - one.turned_at)
        return found

    def _of(self, name: str) -> list[StageConsumer]:
        return [one for one in self.consumers if one.stage == name]

    def _channel(self, stage: Stage) -> Callable[[list[Cell]], None]:
        """An agent for the stage; what it gives back takes batches of messages on the loop."""
        assert self._producer is not None  # noqa: S101 - made in start
        dispatcher = Dispatcher(
            stage,
            self._producer.send,
            fatal=self._fatal,
            group=group_of(self._settings, stage),
        )
        self._prepared(dispatcher)
        self.dispatchers[stage.name] = dispatcher

        def accept(batch: list[Cell]) -> None:
            for cell in batch:
                dispatcher.accept(cell)

        if self._settings.delivery == "direct":
            return accept
        return self._agent(stage, accept)

    def _agent(
        self, stage: Stage, accept: Callable[[list[Cell]], None]
    ) -> Callable[[list[Cell]], None]:
        app: Any = self._app
        channel: Any = app.channel(key_type=None, value_type=None)

        async def consume(stream: Any) -> None:  # noqa: ANN401 - Faust's stream of batches
            # A batch is one event for Faust, which costs 40 µs an event and nothing a message.
            async for batch in stream:
                accept(batch)

        self._agents[stage.name] = app.agent(channel, name=f"authstream.{stage.name}")(consume)

        def deliver(batch: list[Cell]) -> None:
            task = asyncio.get_running_loop().create_task(channel.put(batch))
            self._puts.add(task)
            task.add_done_callback(self._puts.discard)

        return deliver

    def _consume(self, stage: Stage, deliver: Callable[[list[Cell]], None]) -> None:
        def fatal(error: BaseException) -> None:
            self._on_loop(lambda: self._fatal(error))

        recovery = Recovery(
            stage, self._settings, clock=self._clock, on_loop=self._on_loop, fatal=fatal
        )

        def forget(topic: str, partition: int) -> None:
            for memory in stage.memories:
                self._on_loop(partial(memory.forget, topic, partition))

        silent = tuple(topic for topic in stage.topics if topic not in stage.frequent)
        self.consumers += [
            StageConsumer(
                stage,
                self._settings,
                topics,
                member=member,
                recovery=recovery,
                deliver=lambda cells: self._on_loop(lambda: deliver(cells)),
                forget=forget,
                fatal=fatal,
            )
            for topics, member in ((stage.frequent, ".frequent"), (silent, ""))
            if topics
        ]

    def _on_loop(self, function: Callable[[], object]) -> None:
        assert self._loop is not None  # noqa: S101 - made in start
        try:
            self._loop.call_soon_threadsafe(function)
        except RuntimeError:
            # The loop is closed: the process is ending and nothing more is acknowledged.
            self._log.debug("loop_closed")

    def _fatal(self, error: BaseException) -> None:
        if not self._broken:
            self._broken = True
            self._failed(error)


async def _joined(consumers: Sequence[StageConsumer]) -> None:
    margin = (DRAIN + _STOP_MARGIN).total_seconds()
    await asyncio.gather(*(asyncio.to_thread(one.thread.join, margin) for one in consumers))


def _works(consumer: StageConsumer) -> bool:
    return consumer.joined and all(partition.ready for partition in consumer.partitions)
