"""The worker: a process that hosts stages of a folder until it is told to stop."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path

import structlog

from authstream import telemetry
from authstream.apps import access, logs
from authstream.apps.control import opened
from authstream.apps.doctor import NOT_CONFINED, external_line
from authstream.apps.live import Live
from authstream.apps.measuring import (
    measure_control,
    measure_flows,
    measure_restarts,
    measure_runner,
)
from authstream.apps.probes import Probes, Progress
from authstream.apps.stages import Assembly, assembly, chosen, deliveries, triggers, wrapper
from authstream.apps.supervision import History, Report
from authstream.broker import broker_errors, embedded, kept_windows
from authstream.broker.dispatcher import Dispatcher
from authstream.broker.faust import FaustRunner, preload
from authstream.broker.kafka_reader import KafkaPointReader
from authstream.broker.kafka_topics import KafkaTopics, wanted
from authstream.contracts.avro import write_as
from authstream.contracts.topics import Topics
from authstream.control.store import Store
from authstream.engine.ports import SystemClock
from authstream.engine.windows import MemoryWindows, WindowsOf
from authstream.errors import AuthstreamError, BrokerUnreachableError
from authstream.metrics import otlp, prometheus
from authstream.sandbox import census
from authstream.settings import Settings

BEAT = timedelta(milliseconds=500)
READY_POLL = timedelta(milliseconds=100)
#: Between tries while no broker answers.
RECONNECT = timedelta(seconds=2)
#: How far past a suspect place messages are worked on one at a time: what may have been in work.
SUSPECT_RANGE = 1024
#: Exit status after an error nobody foresaw (sysexits.h, EX_SOFTWARE).
SOFTWARE_ERROR = 70
NO_HISTORY = History()


class Worker:
    """Everything of one worker process. `run` returns its exit status."""

    def __init__(
        self,
        folder: Path | None,
        settings: Settings,
        *,
        stages: Sequence[str] = (),
        history: History = NO_HISTORY,
    ) -> None:
        """Without a folder, what runs is what the control log says, and follows it."""
        self._folder = folder
        self._settings = settings
        self._patterns = stages
        self._ended: asyncio.Future[BaseException | None] | None = None
        self._history = history
        self._report = Report()
        self._kept: kept_windows.WindowFile | None = None
        self._progress = Progress()
        self._log = structlog.get_logger("authstream.worker")

    async def run(self) -> int:
        """Host the stages until SIGTERM, SIGINT or an error. Raises ConfigurationError."""
        loop = asyncio.get_running_loop()
        self._ended = loop.create_future()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._end, None)
        address = self._settings.probes
        with Probes(address, self._progress) if address else nullcontext():
            return await self._run()

    async def _run(self) -> int:
        beating = asyncio.create_task(self._beat())
        reader = KafkaPointReader(self._settings)
        self._kept = kept_windows.opened(self._settings)
        try:
            if self._folder is not None:
                return await self._host(
                    await asyncio.to_thread(self._assembly, self._folder, reader)
                )
            return await self._host_live(reader)
        finally:
            beating.cancel()
            if self._kept is not None:
                self._kept.close()
            await asyncio.to_thread(reader.close)

    @property
    def _windows(self) -> WindowsOf:
        return MemoryWindows if self._kept is None else self._kept.stage

    def _assembly(self, folder: Path, reader: KafkaPointReader) -> Assembly:
        """In a thread: packages may have to be installed, and the beat must go on."""
        return assembly(
            folder,
            self._settings,
            reader=reader,
            clock=SystemClock(),
            say=self._building,
            windows=self._windows,
        )

    def _building(self, text: str) -> None:
        self._log.info("building", what=text)

    async def _host_live(self, reader: KafkaPointReader) -> int:
        topics = Topics(self._settings.prefix)
        if not await self._topics_ready(topics, []):
            return 0
        store = opened(self._settings)
        await asyncio.to_thread(store.start)
        measure_control(store)
        try:
            live = await asyncio.to_thread(self._live, store, reader)
            live.follow()
            return await self._host(live)
        finally:
            await asyncio.to_thread(store.close)

    def _live(self, store: Store, reader: KafkaPointReader) -> Live:
        return Live(
            store,
            self._settings,
            reader=reader,
            clock=SystemClock(),
            patterns=self._patterns,
            say=self._building,
            windows=self._windows,
        )

    async def _host(self, assembled: Assembly | Live) -> int:
        assert self._ended is not None  # noqa: S101 - made in run
        selected = assembled.selected(self._patterns)
        if assembled.level == "none":
            self._log.warning("actions_not_confined", reason=NOT_CONFINED)
        elif assembled.level == "external":
            reason = external_line(wrapper(self._settings))
            self._log.warning("actions_confined_externally", reason=reason)
        if not await self._topics_ready(assembled.topics, assembled.action_topics):
            return 0
        runner = FaustRunner(
            selected,
            self._settings,
            failed=self._end,
            prepared=lambda dispatcher: instruct(dispatcher, self._history, self._report),
        )
        await runner.start()
        measure_runner(runner)
        self._progress.consumers = runner.silences
        if isinstance(assembled, Live):
            assembled.host(runner)
            measure_flows(lambda: assembled.flows, assembled.topics)
        else:
            measure_flows(assembled.folder.flows.values, assembled.topics)
        self._log.info(
            "worker_started",
            stages=[stage.name for stage in selected],
            brokers=self._settings.brokers,
            sandbox=assembled.level,
        )
        showing = asyncio.create_task(self._show_ready(runner))
        error = await self._ended
        showing.cancel()
        self._show(ready=False)
        if isinstance(assembled, Live):
            await assembled.stop()
        if error is None:
            await runner.stop()
            self._log.info("worker_stopped")
            return 0
        # Nothing more is committed: what was in work is done again by the next process.
        self._log.error("worker_failed", error_type=type(error).__name__, reason=str(error))
        return error.exit_status if isinstance(error, AuthstreamError) else SOFTWARE_ERROR

    def _end(self, error: BaseException | None) -> None:
        if self._ended is not None and not self._ended.done():
            self._ended.set_result(error)

    async def _beat(self) -> None:
        while True:
            self._report.beat()
            self._progress.beat()
            await asyncio.sleep(BEAT.total_seconds())

    async def _topics_ready(self, topics: Topics, actions: Sequence[str]) -> bool:
        """Check the topics, waiting for a broker. False when told to stop meanwhile."""
        assert self._ended is not None  # noqa: S101 - made in run
        needed = wanted(
            topics,
            self._settings,
            triggers=triggers(),
            actions=actions,
            kinds=deliveries(),
        )
        if self._settings.embedded:
            await asyncio.to_thread(
                embedded.touch, self._settings, [topic.name for topic in needed]
            )
            return True
        cluster = KafkaTopics(self._settings)
        while not self._ended.done():
            try:
                await asyncio.to_thread(self._check_access)
                await asyncio.to_thread(cluster.check, needed)
            except BrokerUnreachableError as error:
                self._log.warning("broker_unreachable", reason=str(error))
                await asyncio.wait([self._ended], timeout=RECONNECT.total_seconds())
            else:
                return True
        return False

    def _check_access(self) -> None:
        access.check(self._settings, self._patterns, live=self._folder is None)

    async def _show_ready(self, runner: FaustRunner) -> None:
        while True:
            self._show(ready=runner.ready)
            await asyncio.sleep(READY_POLL.total_seconds())

    def _show(self, *, ready: bool) -> None:
        self._progress.ready = ready
        if not self._settings.ready_file:
            return
        file = Path(self._settings.ready_file)
        if ready:
            file.touch()
        else:
            file.unlink(missing_ok=True)


def instruct(dispatcher: Dispatcher, history: History, report: Report) -> None:
    """Tell a dispatcher what earlier runs died on, and to report what may end this one."""
    dispatcher.suspects = {
        (topic, partition): offset + SUSPECT_RANGE
        for topic, partition, offset in history.suspects
        if topic in dispatcher.topics
    }
    dispatcher.offenders = set(history.offenders)
    dispatcher.met = report.met
    dispatcher.announce = lambda message: report.alone(*message[:3])


def main(folder: Path | None, settings: Settings, *, stages: Sequence[str] = ()) -> int:
    """Run a worker in this process; its exit status. A supervised one waits for its turn."""
    triggers()
    deliveries()
    preload()
    chosen(settings)  # the self-test now: a spare that takes over has no time for it
    history = History.awaited()
    logs.configure(settings)
    write_as(settings.write_as)
    telemetry.configure("authstream")
    pushing = otlp.start("authstream")
    prometheus.serve(settings.metrics)
    census.observe()
    broker_errors.observe()
    measure_restarts(history.restarts)
    worker = Worker(folder, settings, stages=stages, history=history)
    try:
        return asyncio.run(_leaving(worker))
    finally:
        telemetry.shutdown()
        if pushing is not None:
            pushing.stop()


async def _leaving(worker: Worker) -> int:
    status = await worker.run()
    if status != 0:
        # Faust's tasks do not end when cancelled, and threads of the client library may be inside a
        # broken broker: nothing of ours is left to save.
        telemetry.shutdown()
        sys.stderr.flush()
        os._exit(status)
    return status
