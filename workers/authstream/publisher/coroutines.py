"""The publisher for programs with an event loop: its calls are awaited."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta
from types import TracebackType
from typing import Self, TypeVar

from authstream.broker.exchange import Exchange
from authstream.contracts import headers as h
from authstream.contracts.avro import decode
from authstream.contracts.topics import Topics
from authstream.contracts.verdict import Verdict
from authstream.engine.ports import Message
from authstream.errors import BrokerUnreachableError
from authstream.publisher.request import (
    PUBLISH_WITHIN,
    LoginEvent,
    Place,
    deadline_header,
    no_verdict,
    place_of,
    request,
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
        return await self._publish(event, ())

    async def decide(self, event: LoginEvent, timeout: timedelta) -> Verdict:
        """The verdict on an event. Raises NoVerdictError, and as `publish` does."""
        await asyncio.to_thread(self._exchange.listen)
        loop = asyncio.get_running_loop()
        reply: asyncio.Future[Message] = loop.create_future()
        correlation, address = self._exchange.expect(lambda message: settle(loop, reply, message))
        try:
            await self._publish(event, (*address, deadline_header(timeout)))
            async with asyncio.timeout(timeout.total_seconds()):
                return decode(Verdict, (await reply).value)
        except TimeoutError:
            raise no_verdict(event, timeout) from None
        finally:
            self._exchange.forget(correlation)

    async def _publish(self, event: LoginEvent, extra: h.Headers) -> Place:
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Message | BrokerUnreachableError] = loop.create_future()
        with request(event, self._topics, extra) as output:
            self._exchange.send(output, lambda result: settle(loop, done, result))
            try:
                async with asyncio.timeout(PUBLISH_WITHIN.total_seconds()):
                    written = await done
            except TimeoutError:
                raise unacknowledged(event) from None
        if isinstance(written, BrokerUnreachableError):
            raise written
        return place_of(written)


def settle(loop: asyncio.AbstractEventLoop, future: asyncio.Future[T], result: T) -> None:
    """From any thread, unless nobody waits any more or the loop has ended."""

    def now() -> None:
        if not future.done():
            future.set_result(result)

    with suppress(RuntimeError):  # the loop is closed
        loop.call_soon_threadsafe(now)
