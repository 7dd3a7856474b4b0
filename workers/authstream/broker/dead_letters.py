"""Dead letters: found, shown, published again under their ids, or dropped; each is settled once.

A record of a log cannot be taken out, so what was done with a letter is a record after it in the
same partition, without a value, that names its offset.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, Self

from authstream.broker.kafka_reader import KafkaReader
from authstream.broker.kafka_topics import KafkaTopics
from authstream.broker.record_writer import RecordWriter
from authstream.contracts import headers as h
from authstream.contracts.avro import decode
from authstream.contracts.envelope import Envelope
from authstream.contracts.topics import DELAYS, Topics
from authstream.engine.ports import Message, Output
from authstream.errors import AuthstreamError, RecordError
from authstream.settings import Settings

Settled = Literal["replayed", "dropped"]
_DEAD_HEADERS = (
    h.DEAD_REASON,
    h.DEAD_DETAIL,
    h.DEAD_STAGE,
    h.DEAD_TOPIC,
    h.DEAD_PARTITION,
    h.DEAD_OFFSET,
    h.DEAD_TIMESTAMP,
    h.DEAD_BYTES,
)
#: Of the call that failed: nobody waits any more, and its deadline has passed.
_CALL_HEADERS = (h.REPLY_PARTITION, h.CORRELATION_ID, h.DEADLINE, h.REQUESTED_AT)


class ReplayRefusedError(AuthstreamError):
    """A dead letter cannot be published again, or must not be."""

    code = "replay_refused"


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One letter: its place, why it is one, and where it came from."""

    message: Message
    reason: str
    stage: str
    detail: str
    #: Where the record was, as topic, partition and offset.
    topic: str
    partition: int
    offset: int
    settled: str | None = None

    @classmethod
    def of(cls, message: Message, settled: str | None = None) -> Self:
        """From a record of the dead-letter topic."""
        headers = message.headers
        return cls(
            message,
            reason=h.text(headers, h.DEAD_REASON) or "-",
            stage=h.text(headers, h.DEAD_STAGE) or "-",
            detail=h.text(headers, h.DEAD_DETAIL) or "-",
            topic=h.text(headers, h.DEAD_TOPIC) or "-",
            partition=h.number(headers, h.DEAD_PARTITION) or 0,
            offset=h.number(headers, h.DEAD_OFFSET) or 0,
            settled=settled,
        )

    @property
    def place(self) -> str:
        """PARTITION/OFFSET in the dead-letter topic."""
        return f"{self.message.partition}/{self.message.offset}"


@dataclass(frozen=True, slots=True)
class Filter:
    """Which letters; what is None does not matter."""

    reason: str | None = None
    stage: str | None = None
    tenant: str | None = None
    #: Broker time, milliseconds since the epoch.
    since: int | None = None
    #: Also those that were replayed or dropped.
    settled: bool = False

    def takes(self, letter: DeadLetter) -> bool:
        """Whether a letter is meant."""
        return (
            (self.reason is None or letter.reason == self.reason)
            and (self.stage is None or letter.stage == self.stage)
            and (self.tenant is None or self.tenant == h.text(letter.message.headers, h.TENANT))
            and (self.since is None or letter.message.timestamp >= self.since)
            and (self.settled or letter.settled is None)
        )


class DeadLetters:
    """The operations. Use as a context manager; not for use by two threads at a time."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._topics = Topics(settings.prefix)
        self._reader = KafkaReader(settings)
        self._writer = RecordWriter(settings)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._writer.close()
        self._reader.close()

    def find(self, wanted: Filter) -> list[DeadLetter]:
        """The letters that a filter takes, newest first. Raises BrokerUnreachableError."""
        found = [letter for number in range(self._count()) for letter in self._partition(number)]
        taken = [letter for letter in found if wanted.takes(letter)]
        return sorted(taken, key=lambda letter: letter.message.timestamp, reverse=True)

    def at(self, partition: int, offset: int) -> DeadLetter | None:
        """The letter at a place, None when there is none (any more)."""
        there = self._partition(partition) if partition < self._count() else []
        return next((one for one in there if one.message.offset == offset), None)

    def replay(self, letter: DeadLetter, *, effects: bool = False) -> str:
        """Publish a letter's record again; what was published, in words.

        An effect or a patch keeps its id, so nothing is done twice. A login is a new flow, whose
        effects and metadata are left out unless `effects`.

        Raises:
            ReplayRefusedError: It was done already, something newer was, or there is no way back.
        """
        output, said = self._again(letter, effects=effects)
        self._writer.write([output])
        self._settle(letter, "replayed")
        return said

    def drop(self, letter: DeadLetter) -> None:
        """Mark a letter as looked at: it is listed no more."""
        self._settle(letter, "dropped")

    def _count(self) -> int:
        return KafkaTopics(self._settings).partitions().get(self._topics.dead_letter, 0)

    def _partition(self, number: int) -> list[DeadLetter]:
        letters: list[Message] = []
        settled: dict[int, str] = {}
        for message in self._all(self._topics.dead_letter, number):
            said = h.text(message.headers, h.SETTLED)
            if said is None:
                letters.append(message)
            else:
                offset, _, how = said.partition(" ")
                settled[int(offset)] = how
        return [DeadLetter.of(message, settled.get(message.offset)) for message in letters]

    def _all(self, topic: str, number: int) -> Iterator[Message]:
        low, high = self._reader.span(topic, number)
        for batch in self._reader.between(topic, number, low, end=high):
            yield from batch

    def _settle(self, letter: DeadLetter, how: Settled) -> None:
        message = letter.message
        said = h.make({h.SETTLED: f"{message.offset} {how}"})
        topic, number = self._topics.dead_letter, message.partition
        self._writer.write([Output(topic, message.key, None, said, number)])

    def _again(self, letter: DeadLetter, *, effects: bool) -> tuple[Output, str]:
        if h.first(letter.message.headers, h.DEAD_BYTES) is not None:
            raise ReplayRefusedError(
                f"of {letter.place} only the beginning is kept: it was too large"
            )
        topics, topic = self._topics, letter.topic
        for delay in DELAYS:
            topic = topic.replace(f".retry-{delay}.", ".")
        if topic == topics.user_metadata:
            return self._patch(letter), "the metadata patch, under its id"
        if topic.startswith(f"{topics.prefix}.effects."):
            return self._effect(letter, topic), "the effect, under its id"
        return self._login(letter, effects=effects)

    def _effect(self, letter: DeadLetter, topic: str) -> Output:
        done = f"{topic.removesuffix('.v1')}.done.v1"
        if any(self._done(letter, done)):
            raise ReplayRefusedError(
                f"the effect of {letter.place} was delivered since: nothing is left to do"
            )
        headers = _without(letter, *h.TRIP) + h.make({h.REPLAY: "1"})
        message = letter.message
        return Output(topic, message.key, message.value, headers, letter.partition)

    def _patch(self, letter: DeadLetter) -> Output:
        message, done = letter.message, self._topics.user_metadata_done
        sequence = h.number(message.headers, h.SEQUENCE)
        sequence = letter.offset if sequence is None else sequence
        if any(self._done(letter, done)):
            raise ReplayRefusedError(f"the patch of {letter.place} was applied since")
        if any(self._newer(letter, done, sequence)):
            raise ReplayRefusedError(
                f"a newer patch of the user of {letter.place} was applied since: this one would "
                "bring back what that replaced"
            )
        headers = _without(letter, h.SEQUENCE) + h.make({h.REPLAY: "1", h.SEQUENCE: f"{sequence}"})
        topic = self._topics.user_metadata
        return Output(topic, message.key, message.value, headers, letter.partition)

    def _done(self, letter: DeadLetter, topic: str) -> Iterator[Message]:
        """Records that this very effect or patch was done."""
        wanted = h.first(letter.message.headers, h.CE_ID)
        return self._in(topic, letter, lambda one: h.first(one.headers, h.CE_ID) == wanted)

    def _newer(self, letter: DeadLetter, topic: str, sequence: int) -> Iterator[Message]:
        """Records of the same user's later patches."""
        key = letter.message.key
        return self._in(
            topic,
            letter,
            lambda one: one.key == key and (h.number(one.headers, h.SEQUENCE) or 0) > sequence,
        )

    def _in(
        self, topic: str, letter: DeadLetter, wanted: Callable[[Message], bool]
    ) -> Iterator[Message]:
        for message in self._all(topic, letter.partition):
            if h.first(message.headers, h.STATUS) != b"dead" and wanted(message):
                yield message

    def _login(self, letter: DeadLetter, *, effects: bool) -> tuple[Output, str]:
        trigger, value, flow = self._event(letter)
        event_id = str(uuid.uuid4())
        said = {h.CE_ID: event_id, h.REPLAY_OF: flow, h.DEDUP: "id"}
        if not effects:
            said[h.EFFECTS] = h.EFFECTS_OFF.decode()
        headers = _without(letter, *said, *_CALL_HEADERS, h.FLOW_ID, h.LEG)
        key = letter.message.key
        output = Output(self._topics.requested(trigger), key, value, headers + h.make(said))
        return output, f"a new login, event id {event_id}"

    def _event(self, letter: DeadLetter) -> tuple[str, bytes | None, str]:
        """Trigger, event and flow id (else event id) of a record of the login path."""
        message, topics = letter.message, self._topics
        if letter.topic.endswith(".requested.v1"):
            event_id = h.text(message.headers, h.CE_ID) or ""
            return topics.trigger_of(letter.topic), message.value, event_id
        try:
            envelope = decode(Envelope, message.value)
        except RecordError as error:
            raise ReplayRefusedError(
                f"{letter.place} comes from {letter.topic} and holds no login, effect or patch: "
                "what it is about has to be ordered anew"
            ) from error
        return envelope.trigger, envelope.event, envelope.flow_id


def _without(letter: DeadLetter, *names: str) -> h.Headers:
    return h.without(letter.message.headers, (*_DEAD_HEADERS, h.REPLAY, *names))


def chosen(letters: Iterable[DeadLetter], limit: int) -> list[DeadLetter]:
    """The oldest ones first, as they are to be published in their order."""
    return sorted(letters, key=lambda letter: letter.message.timestamp)[:limit]
