"""The SDK against a running broker and worker: verdicts for callers, and for whoever reads all."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta

import orjson
import pytest

from authstream.broker import exchange
from authstream.engine.ports import Output
from authstream.errors import BackPressureError, BrokerUnreachableError
from authstream.publisher import (
    AsyncPublisher,
    LoginEvent,
    NoVerdictError,
    Publisher,
    VerdictReader,
)
from authstream.settings import Settings
from tests.gateway_ground import Ground, folder, serving
from tests.samples import event

WITHIN = timedelta(seconds=20)


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """Broker and worker."""
    with serving(folder(tmp_path_factory.mktemp("sdk"), {})) as made:
        yield made


@pytest.fixture
def settings(ground: Ground) -> Settings:
    """To reach them."""
    return Settings(brokers=ground.up.brokers, embedded=True)


def login(user: str = "ada", event_id: str | None = None) -> LoginEvent:
    """A login of a user."""
    body = orjson.dumps(event(user={"user_id": user}))
    return LoginEvent("post-login", body, event_id or secrets.token_hex(8), "/sdk")


def test_a_thread_gets_its_verdict(settings: Settings) -> None:
    """And the same one for the same id."""
    with Publisher(settings) as publisher:
        first = publisher.decide(login(event_id="twice"), WITHIN)
        again = publisher.decide(login(event_id="twice"), WITHIN)
    assert first.outcome == "allowed"
    assert first == again


async def test_coroutines_get_theirs(settings: Settings) -> None:
    """Twenty at once, each its own."""
    async with AsyncPublisher(settings) as publisher:
        users = [f"user-{number}" for number in range(20)]
        verdicts = await asyncio.gather(*(publisher.decide(login(user), WITHIN) for user in users))
    assert [verdict.subject for verdict in verdicts] == users


async def test_nobody_waits_longer_than_said(settings: Settings) -> None:
    """No verdict in time is an error, for a thread and for a coroutine."""
    short = timedelta(milliseconds=1)
    async with AsyncPublisher(settings) as publisher:
        with pytest.raises(NoVerdictError, match="no verdict on event"):
            await publisher.decide(login("slow-ada"), short)
    with Publisher(settings) as blocking, pytest.raises(NoVerdictError):
        blocking.decide(login("slow-ada"), short)


async def test_a_reader_gets_each_verdict_once(settings: Settings) -> None:
    """A repeat is no second verdict; what was read is not read again by the same group."""
    wanted = {secrets.token_hex(8) for _ in range(3)}
    async with AsyncPublisher(settings) as publisher:
        for event_id in (*wanted, *wanted):
            await publisher.decide(login("reader", event_id), WITHIN)
        marked = await publisher.decide(login("last"), WITHIN)
    group = secrets.token_hex(4)
    with VerdictReader("post-login", group=group, settings=settings) as reader:
        flows = list(_until(reader, marked.flow_id))
    assert len(flows) == len(set(flows))
    with VerdictReader("post-login", group=group, settings=settings) as reader:
        again = reader.next(timedelta(seconds=10))
        assert again is None or again.flow_id == flows[-1]


def _until(reader: VerdictReader, flow: str) -> Iterator[str]:
    """Flow ids; partitions are read in any order, so a little further than the flow."""
    seen = False
    while True:
        verdict = reader.next(timedelta(seconds=2) if seen else WITHIN)
        if verdict is None:
            assert seen
            return
        seen = seen or verdict.flow_id == flow
        yield verdict.flow_id


def test_a_full_queue_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a broker events wait in memory, but not without end."""
    monkeypatch.setattr(exchange, "QUEUE_RECORDS", 10)
    monkeypatch.setattr(exchange, "_FLUSH_SECONDS", 0.1)
    made = exchange.Exchange(Settings(brokers="127.0.0.1:1"), "auth.replies.v1")
    record = Output("t", None, b"x")
    with suppress(BackPressureError):
        for _ in range(10):
            made.send(record, lambda _result: None)
    with pytest.raises(BackPressureError, match="10 records wait"):
        made.send(record, lambda _result: None)
    made.close()


def test_a_broker_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the remedy, not by a stack of the client library."""
    monkeypatch.setattr(exchange, "_METADATA_SECONDS", 0.5)
    refused = pytest.raises(BrokerUnreachableError, match="AUTHSTREAM_BROKERS")
    with Publisher(Settings(brokers="127.0.0.1:1")) as publisher, refused:
        publisher.decide(login(), WITHIN)
