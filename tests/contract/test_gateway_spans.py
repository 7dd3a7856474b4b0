"""What the gateway writes itself is in the trace of the call that it writes it for."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta

import orjson
import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from authstream import telemetry
from authstream.broker.embedded import EmbeddedBroker, touch
from authstream.contracts.answer import Answered
from authstream.contracts.topics import Topics
from authstream.gateway.waiters import Question, Waiters
from authstream.publisher.request import LoginEvent
from authstream.settings import Settings
from authstream.telemetry import remote_parent
from tests import kafka_log
from tests.samples import TRIGGERS, event

_DEADLINE_MS = 300


@pytest.fixture
def exporter() -> Iterator[InMemorySpanExporter]:
    """Every span that this process makes."""
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    telemetry.activate(provider)
    yield exporter
    telemetry.deactivate()
    provider.shutdown()


def question() -> Question:
    """One that nobody answers."""
    return Question(
        event=LoginEvent("post-login", orjson.dumps(event()), "one", "/connections/shop"),
        tenant="default",
        subject="ada",
        same="one",
        same_for=timedelta(0),
        deadline_at=time.time_ns() // 1_000_000 + _DEADLINE_MS,
    )


def answered(asked: Question) -> Answered:
    """What its caller was told."""
    return Answered(
        flow_id=asked.flow,
        leg=0,
        tenant=asked.tenant,
        trigger="post-login",
        connection="shop",
        provider="generic",
        told="failed_closed",
        code="timeout",
        status=503,
        lost=(),
        ms=float(_DEADLINE_MS),
        answered_at=asked.deadline_at,
    )


async def test_a_call_without_an_answer_in_time(exporter: InMemorySpanExporter) -> None:
    """The record that ends its flow, and that of what was told, are sent by the call."""
    topics, tracing = Topics("t"), telemetry.tracing()
    assert tracing is not None
    with EmbeddedBroker() as broker:
        settings = Settings(brokers=broker.bootstrap, prefix="t", embedded=True)
        written = (topics.assemble, topics.answers)
        touch(settings, [topics.requested("post-login"), topics.replies, *written])
        waiters = Waiters(settings, topics, mismatch=lambda _source: None)
        await waiters.listen()
        asked = question()
        with trace.use_span(tracing.serve("POST", (), {}), end_on_exit=True) as call:
            resolution, _ = await waiters.ask(asked, TRIGGERS["post-login"])
            waiters.record(answered(asked))
        await waiters.close()
        records = {topic: kafka_log.read(broker.bootstrap, topic, 1) for topic in written}
    assert (resolution.verdict, resolution.code) == (None, "timeout")
    sends = {span.name: span for span in exporter.get_finished_spans()}
    for topic, (record,) in records.items():
        send, parent = sends[f"send {topic}"], remote_parent(record.headers)
        assert send.parent == call.get_span_context()
        assert parent is not None
        assert send.context is not None
        assert parent.span_id == send.context.span_id
