"""Our runner with a stage that does the unit of work, in each of the ways it can be set."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Awaitable, Sequence
from typing import Literal

from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import DEFAULT_ON, ParentBasedTraceIdRatio, Sampler

from authstream import telemetry
from authstream.apps import logs
from authstream.broker.faust import FaustRunner
from authstream.engine.ports import Message, Output, Outputs, Stage
from authstream.errors import RecordError
from authstream.settings import Settings
from tests.benchmarks.processes import Hop
from tests.benchmarks.work import CALL, changed

Delivery = Literal["agent", "direct"]


class Working(Stage):
    """Does the unit of work at once."""

    def __init__(self, hop: Hop) -> None:
        self.name = hop.group
        self.topics = (hop.source,)
        self._target = hop.target

    def handle(self, message: Message) -> Outputs | Awaitable[Outputs]:
        """One output."""
        return [self._output(message)]

    def refuse(self, message: Message, error: RecordError) -> Outputs:
        """Nothing here is refused."""
        raise AssertionError(f"{message.topic} offset {message.offset}: {error}")

    def _output(self, message: Message) -> Output:
        return Output(self._target, message.key, changed(message.value), message.headers)


class Waiting(Working):
    """Waits as for another service, and passes the message on: what the runner alone can do."""

    def handle(self, message: Message) -> Awaitable[Outputs]:
        """One output, later."""
        return self._later(message)

    async def _later(self, message: Message) -> Outputs:
        await asyncio.sleep(CALL.total_seconds())
        return [Output(self._target, message.key, message.value, message.headers)]


class Discarding(SpanExporter):
    """Takes every span and drops it: what is measured is ours, not a collector's."""

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Always well."""
        del spans
        return SpanExportResult.SUCCESS


def serve_agent(hop: Hop) -> None:
    """Through a Faust agent, the default."""
    _serve(hop, "agent")


def serve_direct(hop: Hop) -> None:
    """The stage called without an agent in between."""
    _serve(hop, "direct")


def serve_agent_traced(hop: Hop) -> None:
    """As `serve_agent`, every span recorded."""
    record_spans()
    _serve(hop, "agent")


def serve_direct_traced(hop: Hop) -> None:
    """As `serve_direct`, every span recorded."""
    record_spans()
    _serve(hop, "direct")


def serve_agent_sampled(hop: Hop) -> None:
    """As `serve_agent`, one trace in ten recorded; no record has one, so each hop decides anew."""
    record_spans(ParentBasedTraceIdRatio(0.1))
    _serve(hop, "agent")


def record_spans(sampler: Sampler = DEFAULT_ON) -> None:
    """Record every span of this process from now on, or those that the sampler takes."""
    provider = TracerProvider(sampler=sampler)
    provider.add_span_processor(BatchSpanProcessor(Discarding()))
    telemetry.activate(provider)


def settings_of(brokers: str, prefix: str, *, delivery: Delivery, partitions: int = 1) -> Settings:
    """Settings of a process in a benchmark."""
    return Settings(
        brokers=brokers,
        prefix=prefix,
        partitions=partitions,
        delivery=delivery,
        log_level="error",
    )


def _serve(hop: Hop, delivery: Delivery) -> None:
    stage = Waiting(hop) if hop.waits else Working(hop)
    asyncio.run(host([stage], settings_of(hop.brokers, "bench", delivery=delivery)))


async def host(stages: Sequence[Stage], settings: Settings) -> None:
    """Run stages until SIGTERM; end the process at once when the runner fails."""
    logs.configure(settings)
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[BaseException | None] = loop.create_future()
    loop.add_signal_handler(signal.SIGTERM, ended.set_result, None)
    runner = FaustRunner(stages, settings, failed=ended.set_result)
    await runner.start()
    error = await ended
    if error is not None:
        sys.exit(f"the runner failed: {error!r}")
    await runner.stop()
