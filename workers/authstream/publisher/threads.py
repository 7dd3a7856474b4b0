"""The publisher for programs with threads: its calls block."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from types import TracebackType
from typing import Self

from authstream.broker.exchange import Exchange, UnknownPartitionError
from authstream.contracts import headers as h
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
    answer_of,
    deadline_header,
    event_record,
    foreign_state,
    no_verdict,
    place_of,
    sent,
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
        return self._write(event_record(event, self._topics))

    def decide(self, event: LoginEvent, timeout: timedelta) -> Verdict:
        """The verdict on an event. Raises NoVerdictError, and as `publish` does."""
        return self._verdict(
            lambda headers: event_record(event, self._topics, headers), f"event {event.id}", timeout
        )

    def resume(self, resume: Resume, timeout: timedelta) -> Verdict:
        """The verdict of the next leg of a suspended flow, whose browser is back.

        A state that is not good gives `failed` with a code that begins with `state_`. Raises
        StateInvalidError for one that cannot be read, and as `decide` does.
        """
        try:
            return self._verdict(
                lambda headers: resume_record(self._topics, resume, headers),
                "the resumed flow",
                timeout,
            )
        except UnknownPartitionError as error:
            raise foreign_state() from error

    def _verdict(
        self, record: Callable[[h.Headers], Output], what: str, timeout: timedelta
    ) -> Verdict:
        arrived = threading.Event()
        replies: list[Message] = []

        def reply(message: Message) -> None:
            replies.append(message)
            arrived.set()

        correlation, address = self._exchange.expect(reply)
        try:
            self._write(record((*address, deadline_header(timeout))))
            if not arrived.wait(timeout.total_seconds()):
                raise no_verdict(what, timeout)
        finally:
            self._exchange.forget(correlation)
        return answer_of(replies[0])

    def _write(self, record: Output) -> Place:
        done = threading.Event()
        outcome: list[Message | BrokerUnreachableError] = []

        def delivered(result: Message | BrokerUnreachableError) -> None:
            outcome.append(result)
            done.set()

        with sent(record) as traced:
            self._exchange.send(traced, delivered)
            if not done.wait(PUBLISH_WITHIN.total_seconds()):
                raise unacknowledged(record)
        written = outcome[0]
        if isinstance(written, BrokerUnreachableError):
            raise written
        return place_of(written)
