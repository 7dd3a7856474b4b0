"""One login is one trace, over every hop of real Kafka, from the publisher's span to the effect."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind

from authstream import telemetry
from authstream.apps.stages import Assembly, assembly, deliveries, triggers
from authstream.broker.faust import FaustRunner
from authstream.broker.kafka_reader import KafkaPointReader
from authstream.broker.kafka_topics import KafkaTopics, wanted
from authstream.contracts.topics import Topics
from authstream.engine.ports import Message, SystemClock
from authstream.settings import Settings
from tests import kafka_log
from tests.contract.runner_suite import TRACEPARENT, login
from tests.kafka_server import KafkaServer

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(120)]

_FOLDER = Path(__file__).resolve().parents[1] / "chaos" / "folder"
_TRACE_ID = int(TRACEPARENT.split(b"-")[1], 16)
_PUBLISHER = int(TRACEPARENT.split(b"-")[2], 16)


@pytest.fixture
def exporter() -> Iterator[InMemorySpanExporter]:
    """Every span that this process makes."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    telemetry.activate(provider)
    yield exporter
    telemetry.deactivate()
    provider.shutdown()


def flow_topics(topics: Topics) -> list[str]:
    """Where a login and what follows from it leave records, in the order of the flow."""
    return [
        topics.requested("post-login"),
        topics.action("default", "enrich"),
        topics.action("default", "claims"),
        topics.assemble,
        topics.decided("post-login"),
        topics.replies,
        topics.effects("log"),
        topics.effects_done("log"),
        topics.executions,
    ]


async def one_login(assembled: Assembly, settings: Settings) -> dict[str, Message]:
    """Run a login through all stages; its one record in each topic."""
    topics = assembled.topics
    failures: list[BaseException] = []
    runner = FaustRunner(assembled.stages, settings, failed=failures.append)
    await runner.start()
    try:
        event = login(topics, "ada", "login-1", (0, b"one"))
        event = event._replace(headers=(*event.headers, ("traceparent", TRACEPARENT)))
        await asyncio.to_thread(kafka_log.publish, settings.brokers, [event])
        found: dict[str, Message] = {}
        for topic in flow_topics(topics):
            (found[topic],) = await asyncio.to_thread(kafka_log.read, settings.brokers, topic, 1)
    finally:
        await runner.stop()
    assert failures == []
    return found


async def test_one_login_is_one_trace(
    kafka: KafkaServer, topic_prefix: str, exporter: InMemorySpanExporter
) -> None:
    """No orphan, one traceparent on each record, parent and link to the hop before, runs below."""
    settings = Settings(brokers=kafka.bootstrap, prefix=topic_prefix)
    reader = KafkaPointReader(settings)
    assembled = assembly(_FOLDER, settings, reader=reader, clock=SystemClock())
    actions = [action.topic for action in assembled.folder.actions.values()]
    KafkaTopics(settings).apply(
        wanted(assembled.topics, settings, triggers=triggers(), actions=actions, kinds=deliveries())
    )
    records = await one_login(assembled, settings)
    reader.close()
    spans = exporter.get_finished_spans()
    by_id = {identity(span): span for span in spans}
    topics = flow_topics(assembled.topics)

    assert {trace_of(span) for span in spans} == {_TRACE_ID}
    assert [span.name for span in spans if parent_of(span) not in {*by_id, _PUBLISHER}] == []
    assert len(by_id) == len(spans)

    contexts = {topic: traceparents(record) for topic, record in records.items()}
    assert {topic: len(found) for topic, found in contexts.items()} == dict.fromkeys(topics, 1)

    consumed = [*topics[:5], assembled.topics.effects("log")]
    for topic in consumed:
        (process,) = (span for span in spans if span.name == f"process {topic}")
        (written,) = contexts[topic]
        assert (process.kind, parent_of(process)) == (SpanKind.CONSUMER, written)
        assert [link.context.span_id for link in process.links] == [written]
        group = (process.attributes or {})["messaging.consumer.group.name"]
        assert isinstance(group, str)
        assert group.startswith(f"{topic_prefix}.")
    for topic in topics[1:]:
        (written,) = contexts[topic]
        send = by_id[written]
        assert (send.name, send.kind) == (f"send {topic}", SpanKind.PRODUCER)
        assert by_id[parent_of(send)].name.startswith("process ")
    for action in ("enrich", "claims"):
        (run,) = (span for span in spans if span.name == f"run {action}")
        above = by_id[parent_of(run)]
        assert above.name == f"process {assembled.topics.action('default', action)}"
        assert (run.attributes or {})["authstream.outcome"] == "ok"


def identity(span: ReadableSpan) -> int:
    """The span's id."""
    assert span.context is not None
    return int(span.context.span_id)


def trace_of(span: ReadableSpan) -> int:
    """The trace it belongs to."""
    assert span.context is not None
    return int(span.context.trace_id)


def parent_of(span: ReadableSpan) -> int:
    """The id of the span above it; 0 for a root."""
    return int(span.parent.span_id) if span.parent else 0


def traceparents(record: Message) -> list[int]:
    """The span ids in its `traceparent` headers."""
    return [
        int(value.split(b"-")[2], 16) for name, value in record.headers if name == "traceparent"
    ]
