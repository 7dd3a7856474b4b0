"""The publisher for programs with threads: its calls block."""

from __future__ import annotations

import threading
from datetime import timedelta
from types import TracebackType
from typing import Self

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


class Publisher:
    """Thread-safe; one for each process. Use as a context manager."""

    def __init__(self, settings: Settings | None = None) -> None:
        used = settings or Settings()
        self._topics = Topics(used.prefix)
        self._exchange = Exchange(used, self._topics.replies)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Write what waits, and stop listening for replies."""
        self._exchange.close()

    def publish(self, event: LoginEvent) -> Place:
        """Write an event to `requested`. Raises BackPressureError, BrokerUnreachableError."""
        return self._publish(event, ())

    def decide(self, event: LoginEvent, timeout: timedelta) -> Verdict:
        """The verdict on an event. Raises NoVerdictError, and as `publish` does."""
        arrived = threading.Event()
        replies: list[Message] = []

        def reply(message: Message) -> None:
            replies.append(message)
            arrived.set()

        correlation, address = self._exchange.expect(reply)
        try:
            self._publish(event, (*address, deadline_header(timeout)))
            if not arrived.wait(timeout.total_seconds()):
                raise no_verdict(event, timeout)
        finally:
            self._exchange.forget(correlation)
        return decode(Verdict, replies[0].value)

    def _publish(self, event: LoginEvent, extra: h.Headers) -> Place:
        done = threading.Event()
        outcome: list[Message | BrokerUnreachableError] = []

        def delivered(result: Message | BrokerUnreachableError) -> None:
            outcome.append(result)
            done.set()

        with request(event, self._topics, extra) as output:
            self._exchange.send(output, delivered)
            if not done.wait(PUBLISH_WITHIN.total_seconds()):
                raise unacknowledged(event)
        written = outcome[0]
        if isinstance(written, BrokerUnreachableError):
            raise written
        return place_of(written)
