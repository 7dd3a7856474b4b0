"""What came of logins after they were published: verdicts, filled-in events, ways back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from authstream.broker.kafka_reader import KafkaReader
from authstream.contracts import headers as h
from authstream.contracts.avro import decode
from authstream.contracts.envelope import Envelope
from authstream.contracts.resume import Resume
from authstream.contracts.topics import Topics
from authstream.contracts.verdict import Verdict
from authstream.engine.ports import Message
from authstream.engine.state import unverified
from authstream.errors import RecordError, StateError
from authstream.stages.resume import brought


@dataclass(frozen=True, slots=True)
class Span:
    """From when to when, broker's time, milliseconds since the epoch."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Verdicts:
    """The first record of each leg, and which flow a caller asked for."""

    records: dict[str, dict[int, Message]] = field(default_factory=lambda: defaultdict(dict))
    callers: dict[bytes, str] = field(default_factory=dict[bytes, str])

    def add(self, message: Message) -> None:
        """Take note of a record; the first of a leg is its verdict."""
        flow_id, leg = h.text(message.headers, h.FLOW_ID), h.number(message.headers, h.LEG)
        if flow_id is None or leg is None or h.first(message.headers, h.REPEAT) is not None:
            return
        self.records[flow_id].setdefault(leg, message)
        caller = h.first(message.headers, h.CORRELATION_ID)
        if caller is not None:
            self.callers.setdefault(caller, flow_id)

    def named(self, published: Message) -> str | None:
        """The flow of a published record whose caller waited: its id may be random."""
        return self.callers.get(h.first(published.headers, h.CORRELATION_ID) or b"")

    def of(self, flow_id: str) -> tuple[Verdict, ...]:
        """The verdicts of a flow, leg by leg, as far as they can be read."""
        legs = self.records.get(flow_id, {})
        found: list[Verdict] = []
        for leg in range(len(legs)):
            try:
                found.append(decode(Verdict, legs[leg].value))
            except (KeyError, RecordError):
                break
        return tuple(found)


class History:
    """The topics after `requested`, from the time of the first login on."""

    def __init__(
        self, reader: KafkaReader, partitions: Mapping[str, int], topics: Topics, span: Span
    ) -> None:
        self._reader = reader
        self._partitions = partitions
        self._topics = topics
        self._span = span

    def verdicts(self, trigger: str) -> Verdicts:
        """What was decided."""
        found = Verdicts()
        for message in self._messages(self._topics.decided(trigger)):
            found.add(message)
        return found

    def resumes(self) -> dict[str, dict[int, Resume]]:
        """Which browsers came back, by flow and by the leg that waited for them."""
        found: dict[str, dict[int, Resume]] = defaultdict(dict)
        for message in self._messages(self._topics.resume):
            try:
                resume = brought(message)
                waits = unverified(resume.state)
            except (RecordError, StateError):
                continue
            found[waits.flow_id].setdefault(waits.leg, resume)
        return found

    def events(self) -> dict[str, bytes]:
        """The events of first legs as entry passed them on, by flow."""
        found: dict[str, bytes] = {}
        for topic in (self._topics.assemble, self._topics.denied):
            for message in self._messages(topic):
                flow_id = h.text(message.headers, h.FLOW_ID)
                if flow_id is None or h.number(message.headers, h.LEG) != 0:
                    continue
                try:
                    event = decode(Envelope, message.value).event
                except RecordError:
                    continue
                if event:
                    found.setdefault(flow_id, event)
        return found

    def _messages(self, topic: str) -> Iterator[Message]:
        """Partition by partition; none where there is no such topic."""
        for partition in range(self._partitions.get(topic, 0)):
            start = self._reader.offset_at(topic, partition, self._span.start)
            end = self._reader.end_at(topic, partition, self._span.end)
            for batch in self._reader.between(topic, partition, start, end=end):
                yield from batch
