"""Reads logins back from the topics: what was published, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Self, TypeVar

from authstream.apps.recorded_history import History, Span
from authstream.broker.kafka_reader import KafkaReader
from authstream.broker.kafka_topics import KafkaTopics
from authstream.contracts import headers as h
from authstream.contracts.avro import decode, encode
from authstream.contracts.budgets import STATE_LIFETIME
from authstream.contracts.envelope import Envelope
from authstream.contracts.login_event import LoginEvent
from authstream.contracts.resume import Resume
from authstream.contracts.topics import Topics
from authstream.contracts.verdict import Verdict
from authstream.engine.ports import Message
from authstream.engine.trigger import Trigger
from authstream.errors import NotFoundError, RecordError
from authstream.settings import Settings
from authstream.stages.entry import received

#: Records looked at in one step from the end of a partition towards its beginning, and no fewer
#: than so many, as not every one may be wanted.
LONGEST_STEP, SHORTEST_STEP = 2000, 100
#: After its publication a login may be decided, suspended and resumed for so long.
DECIDED_WITHIN = 2 * STATE_LIFETIME
_MILLISECOND = timedelta(milliseconds=1)
R = TypeVar("R")
#: Whether the flow that is looked at serves a tenant.
Serves = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Window:
    """Which logins are meant. Times are the broker's, milliseconds since the epoch."""

    since: int
    until: int
    #: At most so many, the newest.
    count: int

    def holds(self, message: Message) -> bool:
        """Whether a record was published in it."""
        return self.since <= message.timestamp < self.until


@dataclass(frozen=True, slots=True)
class RecordedLogin:
    """A login as it was published, and what came of it."""

    flow_id: str
    published: Message = field(repr=False)
    #: The verdict of each leg, in order; none: it was not decided.
    verdicts: tuple[Verdict, ...] = field(default=(), repr=False)
    #: The browser's ways back, in order.
    resumes: tuple[Resume, ...] = field(default=(), repr=False)


class RecordedLogins:
    """The logins of one trigger. Reads in no group and commits nothing."""

    def __init__(self, settings: Settings, trigger: Trigger) -> None:
        """Raises BrokerUnreachableError."""
        self._settings = settings
        self._topics = Topics(settings.prefix)
        self._trigger = trigger
        self._partitions = KafkaTopics(settings).partitions()
        self._reader = KafkaReader(settings)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._reader.close()

    def find(self, window: Window, serves: Serves) -> list[RecordedLogin]:
        """The newest logins of a window, oldest first; a provider's retries are one.

        Events that are not valid, and logins that were replayed themselves, are left out.
        Raises BrokerUnreachableError, NotFoundError without a topic.
        """
        topic = self._topics.requested(self._trigger.name)
        if topic not in self._partitions:
            raise NotFoundError(f"there is no topic {topic}: nobody has published there")
        found: dict[str, RecordedLogin] = {}
        newest = [
            one
            for partition in range(self._partitions[topic])
            for one in self._newest(topic, partition, window, serves=serves)
        ]
        for one in sorted(newest, key=lambda login: login.published.timestamp):
            found.setdefault(one.flow_id, one)
        logins = list(found.values())[-window.count :]
        return self._complete(logins) if logins else []

    def _newest(
        self, topic: str, partition: int, window: Window, *, serves: Serves
    ) -> list[RecordedLogin]:
        """From the end backwards, so that a long history costs nothing."""
        first = self._reader.offset_at(topic, partition, window.since)
        end = self._reader.end_at(topic, partition, window.until)
        step = min(LONGEST_STEP, max(window.count, SHORTEST_STEP))
        found: list[RecordedLogin] = []
        while end > first and len(found) < window.count:
            start = max(first, end - step)
            found[:0] = self._logins(topic, partition, start, end=end, window=window, serves=serves)
            end = start
        return found[-window.count :]

    def _logins(
        self,
        topic: str,
        partition: int,
        start: int,
        *,
        end: int,
        window: Window,
        serves: Serves,
    ) -> list[RecordedLogin]:
        return [
            RecordedLogin(envelope.flow_id, message)
            for batch in self._reader.between(topic, partition, start, end=end)
            for message in batch
            if window.holds(message) and h.first(message.headers, h.REPLAY_OF) is None
            for envelope in self._received(message)
            if serves(envelope.tenant)
        ]

    def _received(self, message: Message) -> Iterator[Envelope]:
        try:
            yield received(message, self._trigger)[0]
        except RecordError:
            return

    def _complete(self, logins: list[RecordedLogin]) -> list[RecordedLogin]:
        """With their verdicts, and with what entry filled in and browsers brought back."""
        last = logins[-1].published.timestamp
        span = Span(logins[0].published.timestamp, last + DECIDED_WITHIN // _MILLISECOND)
        history = History(self._reader, self._partitions, self._topics, span)
        verdicts = history.verdicts(self._trigger.name)
        suspends = self._trigger.continues is not None
        resumes = history.resumes() if suspends else {}
        filled = {} if self._settings.metadata.hydrate == "no" else history.events()
        return [
            replace(
                one,
                flow_id=flow_id,
                published=_filled(one.published, filled.get(flow_id)),
                verdicts=verdicts.of(flow_id),
                resumes=_in_order(resumes.get(flow_id, {})),
            )
            for one in logins
            for flow_id in [verdicts.named(one.published) or one.flow_id]
        ]


def _in_order(legs: Mapping[int, R]) -> tuple[R, ...]:
    return tuple(legs[leg] for leg in sorted(legs))


def _filled(published: Message, event: bytes | None) -> Message:
    """The record as if its provider had known what entry filled in."""
    if event is None:
        return published
    if h.first(published.headers, h.CONTENT_TYPE) != h.AVRO_TYPE:
        return published._replace(value=event)
    login = decode(LoginEvent, published.value)
    return published._replace(value=encode(login.model_copy(update={"data": event})))
