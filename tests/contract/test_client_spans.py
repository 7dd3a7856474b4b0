"""A call to a mail server or a webhook is a client span under the effect's, without secrets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind

from authstream import telemetry
from authstream.apps.stages import deliveries
from tests.contract.test_effect_kinds import effect
from tests.http_server import HttpServer
from tests.smtp_server import SmtpServer


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


async def delivered(
    kind: str, payload: dict[str, object], exporter: InMemorySpanExporter
) -> tuple[ReadableSpan, ReadableSpan]:
    """The client span of one delivery, and the one above it."""
    delivery = deliveries()[kind]
    await delivery.start()
    try:
        with telemetry.span("process", {}):
            await delivery.deliver(effect(kind, payload))
    finally:
        await delivery.stop()
    client, above = exporter.get_finished_spans()
    return client, above


async def test_an_e_mail_has_a_client_span(
    exporter: InMemorySpanExporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It names the server, not who gets the mail."""
    with SmtpServer() as server:
        monkeypatch.setenv("AUTHSTREAM_SMTP__PORT", f"{server.port}")
        mail = {"to": "ada@example.com", "subject": "s", "text": "t"}
        client, above = await delivered("email", {**mail}, exporter)
    assert (client.name, client.kind) == ("SMTP", SpanKind.CLIENT)
    assert client.parent is not None
    assert above.context is not None
    assert client.parent.span_id == above.context.span_id
    assert (client.attributes or {})["server.port"] == server.port
    assert "ada" not in f"{client.attributes}"


async def test_a_webhook_has_a_client_span(
    exporter: InMemorySpanExporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It names host and status, not the path, which may hold a secret."""
    with HttpServer() as server:
        monkeypatch.setenv("AUTHSTREAM_WEBHOOK__PRIVATE", f'["127.0.0.0/8:{server.port}"]')
        hook: dict[str, Any] = {"url": f"{server.url}/secret-path", "body": {}}
        client, _ = await delivered("webhook", {**hook}, exporter)
    attributes = client.attributes or {}
    assert (client.name, client.kind) == ("POST", SpanKind.CLIENT)
    assert attributes["http.response.status_code"] == 200
    assert "secret-path" not in f"{attributes}"
