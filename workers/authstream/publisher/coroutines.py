"""The publisher for programs with an event loop: its calls are awaited."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from types import TracebackType
from typing import Self, TypeVar

from authstream.broker.exchange import Exchange, UnknownPartitionError
from authstream.contracts import headers as h
from authstream.contracts.avro import decode
from authstream.contracts.resume import Resume
from authstream.contracts.topics import Topics
from authstream.contracts.verdict import Verdict
from authstream.engine.ports import Message, Output
from authstream.engine.resume_record import resume_record
from authstream.errors import BrokerUnreachableError
from authstream.publisher.request import (
    PUBLISH_WITHIN,
    LoginEvent,
    Place,
    deadline_header,
    event_record,
    foreign_state,
    no_verdict,
    place_of,
    sent,
    unacknowledged,
)
from authstream.settings import Settings

T = TypeVar("T")


class AsyncPublisher:
    """One for each event loop. Use as an asynchronous context manager."""

    def __init__(self, settings: Settings | None = None) -> None:
        used = settings or Settings()
        self._topics = Topics(used.prefix)
        self._exchange = Exchange(used, self._topics.replies)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Write what waits, and stop listening for replies."""
        await asyncio.to_thread(self._exchange.close)

    async def publish(self, event: LoginEvent) -> Place:
        """Write an event to `requested`. Raises BackPressureError, BrokerUnreachableError."""
        return await self._write(event_record(event, self._topics))

    async def decide(self, event: LoginEvent, timeout: timedelta) -> Verdict:
        """The verdict on an event. Raises NoVerdictError, and as `publish` does."""
        return await self._verdict(
            lambda headers: event_record(event, self._topics, headers), f"event {event.id}", timeout
        )

    async def resume(self, resume: Resume, timeout: timedelta) -> Verdict:
        """The verdict of the next leg of a suspended flow; as `Publisher.resume`."""
        try:
            return await self._verdict(
                lambda headers: resume_record(self._topics, resume, headers),
                "the resumed flow",
                timeout,
            )
        except UnknownPartitionError as error:
            raise foreign_state() from error

    async def _verdict(
        self, record: Callable[[h.Headers], Output], what: str, timeout: timedelta
    ) -> Verdict:
        await asyncio.to_thread(self._exchange.listen)
        loop = asyncio.get_running_loop()
        reply: asyncio.Future[Message] = loop.create_future()
        correlation, address = self._exchange.expect(lambda message: settle(loop, reply, message))
        try:
            await self._write(record((*address, deadline_header(timeout))))
            async with asyncio.timeout(timeout.total_seconds()):
                return decode(Verdict, (await reply).value)
        except TimeoutError:
            raise no_verdict(what, timeout) from None
        finally:
            self._exchange.forget(correlation)

    async def _write(self, record: Output) -> Place:
        return place_of(await acknowledged(self._exchange, record))


async def acknowledged(exchange: Exchange, record: Output) -> Message:
    """A record as it was written. Raises BackPressureError, BrokerUnreachableError."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[Message | BrokerUnreachableError] = loop.create_future()
    with sent(record) as traced:
        exchange.send(traced, lambda result: settle(loop, done, result))
        try:
            async with asyncio.timeout(PUBLISH_WITHIN.total_seconds()):
                written = await done
        except TimeoutError:
            raise unacknowledged(record) from None
    if isinstance(written, BrokerUnreachableError):
        raise written
    return written


def settle(loop: asyncio.AbstractEventLoop, future: asyncio.Future[T], result: T) -> None:
    """From any thread, unless nobody waits any more or the loop has ended."""

    def now() -> None:
        if not future.done():
            future.set_result(result)

    with suppress(RuntimeError):  # the loop is closed
        loop.call_soon_threadsafe(now)
