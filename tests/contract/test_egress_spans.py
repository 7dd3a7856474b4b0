"""A connection that an action asks for is a client span below its run, made or not."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from authstream import telemetry
from tests.guests import NewGuest, in_both_languages, invocation, until
from tests.http_server import HttpServer

FETCH = {
    "python": """
        import urllib.request
        def on_execute_post_login(event):
            urllib.request.urlopen(event.url, timeout=5).read()
    """,
    "javascript": """
        exports.onExecutePostLogin = async (event) => { await (await fetch(event.url)).text(); };
    """,
}
#: Two events are under way when the first connects.
TOGETHER = """
import asyncio, urllib.request
async def on_execute_post_login(event):
    await asyncio.sleep(0.3)
    await asyncio.to_thread(urllib.request.urlopen, event.url, None, 5)
"""


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


@pytest.fixture
def server() -> Iterator[HttpServer]:
    """What actions call."""
    with HttpServer() as made:
        yield made


async def connected(exporter: InMemorySpanExporter, count: int = 1) -> list[ReadableSpan]:
    """The spans of connections, once there are so many."""

    def found() -> list[ReadableSpan]:
        return [one for one in exporter.get_finished_spans() if one.name.startswith("connect ")]

    await until(lambda: len(found()) >= count)
    return found()


@in_both_languages
async def test_a_connection_is_a_client_span_of_its_run(
    new_guest: NewGuest, exporter: InMemorySpanExporter, server: HttpServer, language: str
) -> None:
    """With host and port, without path or anything that goes over it."""
    guest = new_guest(FETCH, language=language, egress=("127.0.0.1:*",))
    with telemetry.span("run crm", {}) as run:
        outcome = await guest.run(invocation({"url": f"{server.url}/secret"}))
    (span,) = await connected(exporter)
    assert outcome.status == "ok", outcome.error
    assert (span.kind, span.parent) == (SpanKind.CLIENT, run.get_span_context())
    assert dict(span.attributes or {}) == {
        "server.address": "127.0.0.1",
        "server.port": server.port,
        "network.transport": "tcp",
        "authstream.action": "crm",
    }
    assert span.status.status_code is StatusCode.UNSET


async def test_a_connection_that_failed_or_was_denied_is_an_error(
    new_guest: NewGuest, exporter: InMemorySpanExporter
) -> None:
    """The span says which of the two."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    guest = new_guest(FETCH, egress=("127.0.0.1:*",))
    with telemetry.span("run crm", {}):
        await guest.run(invocation({"url": f"http://127.0.0.1:{port}"}))
        await guest.run(invocation({"url": f"http://127.0.0.2:{port}"}))
    refused, denied = await connected(exporter, 2)
    assert [(span.attributes or {})["error.type"] for span in (refused, denied)] == [
        "failed",  # a socket with a time-out does not block: its error is the guest's to read
        "denied",
    ]
    assert {span.status.status_code for span in (refused, denied)} == {StatusCode.ERROR}


async def test_of_several_runs_the_oldest_is_the_parent(
    new_guest: NewGuest, exporter: InMemorySpanExporter, server: HttpServer
) -> None:
    """And the span is linked to the others, as only the guest knows which of them asked."""
    guest = new_guest(TOGETHER, egress=("127.0.0.1:*",))
    await guest.start()

    async def run(name: str) -> int:
        with telemetry.span(name, {}) as span:
            await guest.run(invocation({"url": server.url}))
            return int(span.get_span_context().span_id)

    one, two = await asyncio.gather(run("run one"), run("run two"))
    first = (await connected(exporter, 2))[0]
    assert first.parent is not None
    assert {first.parent.span_id, *(link.context.span_id for link in first.links)} == {one, two}
    assert first.parent.span_id == one


async def test_switched_off_nothing_is_traced(new_guest: NewGuest, server: HttpServer) -> None:
    """Connections are made as ever."""
    guest = new_guest(FETCH, egress=("127.0.0.1:*",))
    assert (await guest.run(invocation({"url": server.url}))).status == "ok"
