"""A flow on real Kafka whose actions fail as they are told, and what is seen of each login."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import structlog
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from authstream import telemetry
from authstream.apps.executions import followed
from authstream.apps.stages import Assembly, assembly, deliveries, triggers
from authstream.broker import broker_errors
from authstream.broker.faust import FaustRunner
from authstream.broker.kafka_config import LOGGER
from authstream.broker.kafka_reader import KafkaPointReader
from authstream.broker.kafka_topics import KafkaTopics, wanted
from authstream.contracts import headers as h
from authstream.engine.identity import flow_id
from authstream.engine.ports import Output, SystemClock
from authstream.executions.explain import Story, explain
from authstream.executions.index import Index
from authstream.executions.port import Flow
from authstream.metrics.names import SECONDS, CounterName, HistogramName
from authstream.metrics.registry import REGISTRY, Registry
from authstream.settings import Settings
from authstream.testing.background_loop import BackgroundLoop
from tests import kafka_log
from tests.samples import event

_ACT = """
import time

async def on_execute_post_login(event, api):
    fault = event.client.name
    print(f"here comes {fault}")
    if fault == "slow":
        time.sleep(0.7)
    elif fault == "throws":
        raise ValueError("no such plan")
    elif fault == "late":
        time.sleep(5)
    elif fault == "mail":
        api.effects.send("email", {"to": "ada@example.com", "subject": "Hi", "text": "Hi"})
    elif fault == "denied":
        api.access.deny(f"no logins from {event.request.geoip.country_code}")
    elif fault == "bomb":
        hoard = [bytearray(1_000_000) for _ in range(200)]
    elif fault == "broker":
        time.sleep(2)
"""
_BEHIND = "def on_execute_post_login(event, api):\n    pass\n"
_FILES = {
    "actions/act/action.py": _ACT,
    "actions/act/action.yaml": "trigger: post-login\nlimits: {memory: 64MB}\n",
    "actions/behind/action.py": _BEHIND,
    "actions/behind/action.yaml": "trigger: post-login\n",
    "flows/post-login.yaml": (
        "trigger: post-login\nactions:\n"
        "  - {action: act, timeout: 3s}\n"
        "  - {action: behind, when: event.client.name == 'behind'}\n"
    ),
}
#: All that these logins need but the stage of `behind`: each stage more is a group that joins.
_HOSTED = ("entry", "action.act", "assemble", "fanout", "effect.email")
_PATIENCE_SECONDS = 30.0
_SOURCE = "faults"
#: Of a histogram's counts: those of more than half a second.
_SLOW = SECONDS.index(0.5) + 1
_Series = tuple[str, ...]


@dataclass
class Ground:
    """What runs, and all that was logged and traced since it began."""

    settings: Settings
    assembled: Assembly
    loop: BackgroundLoop
    runner: FaustRunner
    index: Index
    exporter: InMemorySpanExporter
    logs: list[dict[str, Any]]
    #: What the client library counts, read when somebody looks.
    registry: Registry
    #: The metrics when a flow began.
    before: dict[str, dict[_Series, float]] = field(default_factory=dict[str, dict[_Series, float]])
    traces: dict[str, str] = field(default_factory=dict[str, str])
    lines: list[str] = field(default_factory=list[str])
    failures: list[BaseException] = field(default_factory=list[BaseException])

    def login(self, fault: str, **headers: str) -> str:
        """Publish a login of a client that is named like a fault; its flow id."""
        event_id = secrets.token_hex(4)
        body = event(
            client={"client_id": "shop", "name": fault},
            user={"user_id": fault},
            request={"ip": "192.0.2.1", "geoip": {"country_code": "KP"}},
        )
        said = h.make({h.CE_ID: event_id, h.CE_SOURCE: _SOURCE, **headers})
        topic = self.assembled.topics.requested("post-login")
        flow = flow_id("default", "post-login", _SOURCE, event_id, subject=fault)
        self.publish(flow, Output(topic, fault.encode(), orjson.dumps(body), said))
        return flow

    def publish(self, flow: str, output: Output) -> None:
        """Write any record of a flow, with a trace of its own."""
        self.before[flow] = self.metrics()
        self.traces[flow] = secrets.token_hex(16)
        parent = h.make({"traceparent": f"00-{self.traces[flow]}-b7ad6b7169203331-01"})
        traced = output._replace(headers=(*output.headers, *parent))
        kafka_log.publish(self.settings.brokers, [traced])

    def seen(self, flow: str, *, until: Callable[[Flow], object]) -> Seen:
        """What is known of a flow once a condition holds."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while True:
            found = self.index.search.flow(flow)
            if found is not None and until(found):
                story = explain(found, trace_url="http://jaeger/trace/{trace_id}")
                return Seen(self, found, story)
            assert time.monotonic() < deadline, f"of flow {flow} there is {found}"
            time.sleep(0.05)

    def decided(self, flow: str) -> Seen:
        """What is known of a flow once it has a verdict."""
        return self.seen(flow, until=lambda found: found.executions)

    def metrics(self) -> dict[_Series, float]:
        """Every series by name and labels; of a histogram, how often it was over half a second."""
        found: dict[_Series, float] = {}
        for family in (*REGISTRY.collect(), *self.registry.collect()):
            name = family.instrument.name
            found |= {(name, *labels): number for labels, number in family.numbers.items()}
            for labels, (counts, _) in family.histograms.items():
                found[name, *labels] = sum(counts[_SLOW:])
        return found

    def await_running(self, stage: str) -> None:
        """Wait until a stage has begun with a message."""
        dispatcher = self.runner.dispatchers[stage]
        kafka_log.until(lambda: dispatcher.in_flight > 0, f"{stage} runs")

    def lies(self, topic: str, count: int, *, at_least: timedelta) -> None:
        """Wait until so many records have lain in a topic for so long."""
        records = kafka_log.read(self.settings.brokers, topic, count)
        until = max(one.timestamp for one in records) / 1000 + at_least.total_seconds()
        kafka_log.until(lambda: time.time() > until, f"{count} records of {topic} are old")

    def host(self, stage: str) -> None:
        """Let a stage work, as when its worker comes back."""
        (found,) = (one for one in self.assembled.stages if one.name == stage)
        self.loop.run(self.runner.add(found))


@dataclass(frozen=True)
class Seen:
    """All that is to be seen of one flow."""

    ground: Ground
    flow: Flow
    story: Story

    @property
    def text(self) -> str:
        """What `authstream explain` prints."""
        return "\n".join(self.story.lines())

    def grew(self, name: CounterName | HistogramName, *labels: str) -> float:
        """How often this was counted, or took over half a second, since the flow began."""
        series = (name, *labels)
        before = self.ground.before[self.flow.flow_id]
        return self.ground.metrics().get(series, 0) - before.get(series, 0)

    def logged(self, event: str) -> dict[str, Any]:
        """The line of the log about this flow with this event."""
        lines = [one for one in self.ground.logs if one["event"] == event]
        return next(one for one in lines if self.flow.flow_id in str(one))

    def span(self, name: str) -> ReadableSpan:
        """The span of the flow's trace with this name; the last of them."""
        return self.spans(name)[-1]

    def spans(self, name: str) -> list[ReadableSpan]:
        """All of the flow's trace with this name, once there is one."""
        trace = int(self.ground.traces[self.flow.flow_id], 16)

        def found() -> list[ReadableSpan]:
            every = self.ground.exporter.get_finished_spans()
            ours = (span for span in every if span.context and span.context.trace_id == trace)
            return [span for span in ours if span.name == name]

        kafka_log.until(
            lambda: bool(found()), f"there is a span {name} in the trace of {self.flow.flow_id}"
        )
        return found()


class _Lines(logging.Handler):
    def __init__(self, lines: list[str]) -> None:
        super().__init__()
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        """Keep what librdkafka says."""
        self._lines.append(record.getMessage())


@contextmanager
def faults(brokers: str, prefix: str, root: Path) -> Generator[Ground]:
    """The stages at work, an index that follows, everything traced and logged into lists."""
    for name, text in _FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    settings = Settings.model_validate(
        {
            "brokers": brokers,
            "prefix": prefix,
            "slip_key": "signs every slip of these",
            "executions": {"index": f"{root / 'index.sqlite'}"},
        }
    )
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    telemetry.activate(provider)
    loop = BackgroundLoop()
    try:
        with structlog.testing.capture_logs() as logs, followed(settings) as index:
            ground = _started(settings, root, loop, index, exporter, logs)
            handler = _Lines(ground.lines)
            LOGGER.addHandler(handler)
            try:
                yield ground
            finally:
                LOGGER.removeHandler(handler)
                loop.run(ground.runner.stop())
            assert ground.failures == []
    finally:
        telemetry.deactivate()
        loop.close()


def _started(
    settings: Settings,
    root: Path,
    loop: BackgroundLoop,
    index: Index,
    exporter: InMemorySpanExporter,
    logs: Any,
) -> Ground:
    async def start() -> Ground:
        reader = KafkaPointReader(settings)
        assembled = assembly(root, settings, reader=reader, clock=SystemClock())
        topics = [action.topic for action in assembled.folder.actions.values()]
        every = wanted(
            assembled.topics, settings, triggers=triggers(), actions=topics, kinds=deliveries()
        )
        KafkaTopics(settings).apply(every)
        failures: list[BaseException] = []
        hosted = [one for one in assembled.stages if one.name in _HOSTED]
        runner = FaustRunner(hosted, settings, failed=failures.append)
        registry = Registry()
        broker_errors.observe(registry)
        await runner.start()
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while not runner.ready:  # noqa: ASYNC110 - it sets no event
                await asyncio.sleep(0.01)
        return Ground(
            settings, assembled, loop, runner, index, exporter, logs, registry, failures=failures
        )

    return loop.run(start())
