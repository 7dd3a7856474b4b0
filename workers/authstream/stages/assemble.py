"""assemble: decides each leg once, from all its commands, and publishes the verdict."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import timedelta

from authstream import telemetry
from authstream.contracts import headers as h
from authstream.contracts.avro import decode, encode
from authstream.contracts.budgets import DECIDED_WINDOW
from authstream.contracts.envelope import Envelope, Failure
from authstream.contracts.topics import Topics
from authstream.contracts.verdict import Verdict
from authstream.engine.fold import failed, fold
from authstream.engine.ports import Memory, Message, Output, Outputs, PointReader, Stage
from authstream.engine.recording import Recorder
from authstream.engine.signature import verify
from authstream.engine.trigger import Trigger
from authstream.engine.window import leg_key
from authstream.engine.windows import MemoryWindows, Window, Windows
from authstream.errors import (
    NotInReleaseError,
    RecordError,
    StaleLegError,
    UnsignedSlipError,
    UnwritableError,
)
from authstream.metrics.registry import REGISTRY
from authstream.stages.askers import Askers
from authstream.stages.execution_records import ExecutionRecords
from authstream.stages.outputs import event_headers, flow_headers
from authstream.stages.refusal import failed_envelope, refused


class UnknownTriggerError(RecordError):
    """A flow of a trigger that this worker does not have."""

    code = "unknown_trigger"


class Assemble(Stage):
    """Reads `denied` and `assemble`.

    Partition in = partition out, so one process decides all legs of a partition.
    """

    name = "assemble"
    #: The one assignor that gives one member the same partition number of both topics.
    assignor = "range"

    def __init__(  # noqa: PLR0913 - what it needs, by name
        self,
        *,
        topics: Topics,
        triggers: dict[str, Trigger],
        reader: PointReader,
        slip_key: bytes | None,
        recorder: Recorder | None = None,
        window: timedelta = DECIDED_WINDOW,
        windows: Windows | None = None,
    ) -> None:
        self.topics = (topics.assemble, topics.denied)
        self._names = topics
        self._triggers = triggers
        self._reader = reader
        self._slip_key = slip_key
        self._records = ExecutionRecords(topics.executions, recorder or Recorder(triggers))
        self._window = window
        self._decided = windows or MemoryWindows(self.name, window)
        #: Verdicts not yet acknowledged, for repeats that come in meanwhile.
        self._in_flight: dict[bytes, Message | Output] = {}
        self._askers = Askers()
        decided = tuple(topics.decided(name) for name in triggers)
        self.memories = (
            Memory(decided, window, self._remember, self._forget, windows=self._decided),
        )

    def handle(self, message: Message) -> Outputs | Awaitable[Outputs]:
        """The verdict, or the recorded one again.

        Raises RecordError for a leg too old to be decided.
        """
        envelope = decode(Envelope, message.value)
        if envelope.slip.steps or (self._slip_key is not None and envelope.failure is None):
            verify(envelope, self._slip_key)
        return self._decide(message, envelope)

    def refuse(self, message: Message, error: RecordError) -> Outputs:
        """A dead letter, and a failed verdict if the leg can be told and has none yet."""
        letter = refused(
            message, error, stage=self.name, topics=self._names, triggers=self._triggers
        )[0]
        envelope = self._to_fail(message, error)
        if envelope is None:
            return [letter]
        failure = envelope.failure or Failure(code=error.code, reason=str(error))
        return [letter, *self._failed(message, envelope, failure)]

    def _to_fail(self, message: Message, error: RecordError) -> Envelope | None:
        asks = h.first(message.headers, h.REPEAT) is not None
        if asks or isinstance(error, StaleLegError | UnsignedSlipError):
            return None
        envelope = failed_envelope(message, error)
        if envelope is None or envelope.trigger not in self._triggers:
            return None
        leg = leg_key(envelope.flow_id, envelope.leg)
        decided = self._known(message.partition, leg)
        return None if decided or self._stale(message, envelope) else envelope

    def _stale(self, message: Message, envelope: Envelope) -> bool:
        return message.timestamp - envelope.requested_at > self._window / timedelta(milliseconds=1)

    def _decide(self, message: Message, envelope: Envelope) -> Outputs | Awaitable[Outputs]:
        trigger = self._triggers.get(envelope.trigger)
        if trigger is None:
            raise UnknownTriggerError(
                f"flow {envelope.flow_id} is of trigger {envelope.trigger!r}, which is not "
                "installed here: upgrade the assemble workers before the entry workers"
            )
        if self._stale(message, envelope):
            raise StaleLegError(
                f"leg {envelope.leg} of flow {envelope.flow_id} is older than {self._window}: "
                "it may have been decided already"
            )
        leg = leg_key(envelope.flow_id, envelope.leg)
        if self._known(message.partition, leg):
            return self._repeat(message, envelope, leg)
        if h.first(message.headers, h.REPEAT) is not None:
            # Asks for what is still being worked on; decides nothing.
            self._askers.wait(message, leg)
            return ()
        verdict = fold(envelope, trigger, now=message.timestamp)
        try:
            value = encode(verdict)
        except UnwritableError as error:
            failure = Failure(code=error.code, reason=str(error))
            return self._failed(message, envelope, failure)
        return self._verdict(message, envelope, verdict, value=value)

    def _failed(self, message: Message, envelope: Envelope, failure: Failure) -> Outputs:
        retry = self._triggers[envelope.trigger].again(envelope, failure)
        verdict = failed(envelope, failure, now=message.timestamp, retry=retry)
        try:
            value = encode(verdict)
        except NotInReleaseError:  # better without another try than without an answer
            verdict = failed(envelope, failure, now=message.timestamp, retry=None)
            value = encode(verdict)
        return self._verdict(message, envelope, verdict, value=value)

    def _verdict(
        self, message: Message, envelope: Envelope, verdict: Verdict, *, value: bytes
    ) -> Outputs:
        leg = leg_key(verdict.flow_id, verdict.leg)
        _tell(verdict)

        def acknowledged(offset: int) -> Outputs:
            self._legs(message.partition).first(leg, offset, at=message.timestamp)
            self._in_flight.pop(leg, None)
            return ()

        decided = Output(
            self._names.decided(verdict.trigger),
            message.key,
            value,
            self._headers(message, envelope),
            message.partition,
            acknowledged,
        )
        self._in_flight[leg] = decided
        askers = self._askers.served(message.partition, leg)
        return [
            decided,
            *(self._again(asker, envelope, value) for asker in askers),
            self._records.decided(message, envelope, verdict),
        ]

    async def _repeat(self, message: Message, envelope: Envelope, leg: bytes) -> Outputs:
        """The recorded verdict again, for whoever asked again; nobody who waits, nothing to say."""
        if h.first(message.headers, h.REPLY_PARTITION) is None:
            return ()
        topic = self._names.decided(envelope.trigger)
        recorded = self._in_flight.get(leg)
        offset = self._legs(message.partition).get(leg)
        if recorded is None and offset is not None:
            recorded = await self._reader.read(topic, message.partition, offset)
        if recorded is None:
            return ()
        late = self._records.late(message, envelope, recorded.value)
        if _asked_by(recorded) == _asked_by(message):
            # The same record again, after a crash: fanout has answered it, or will.
            return late
        return [self._again(message, envelope, recorded.value), *late]

    def _again(self, asker: Message, envelope: Envelope, verdict: bytes | None) -> Output:
        return Output(
            self._names.decided(envelope.trigger),
            asker.key,
            verdict,
            (*self._headers(asker, envelope), (h.REPEAT, b"1")),
            asker.partition,
        )

    def _headers(self, message: Message, envelope: Envelope) -> h.Headers:
        flow = flow_headers(
            envelope.flow_id,
            envelope.leg,
            tenant=envelope.tenant,
            trigger=envelope.trigger,
            requested_at=envelope.requested_at,
        )
        return h.make(
            {**event_headers("verdict", f"{envelope.flow_id}/{envelope.leg}"), **flow}
        ) + h.carried(message.headers)

    def _known(self, partition: int, leg: bytes) -> bool:
        return leg in self._in_flight or self._legs(partition).get(leg) is not None

    def _legs(self, partition: int) -> Window:
        return self._decided.of("", partition)

    def _remember(self, message: Message) -> None:
        """Rebuilt from our own verdicts.

        Their headers say which leg, so bodies need no decoding.
        """
        flow_id, leg = h.text(message.headers, h.FLOW_ID), h.number(message.headers, h.LEG)
        if flow_id is not None and leg is not None and h.first(message.headers, h.REPEAT) is None:
            self._legs(message.partition).first(
                leg_key(flow_id, leg), message.offset, at=message.timestamp
            )

    def _forget(self, _topic: str, partition: int) -> None:
        self._decided.forget("", partition)
        self._askers.forget(partition)


def _tell(verdict: Verdict) -> None:
    """Count it, and say on the span how it ended; a denial is an answer, a failure an error."""
    failed = verdict.outcome == "failed"
    code = (verdict.code or "failed") if failed else ""
    REGISTRY.counter("authstream.verdicts", verdict.trigger, verdict.outcome, code).add()
    said = {telemetry.FLOW: verdict.flow_id, "authstream.outcome": verdict.outcome}
    telemetry.describe(said, error=code)


def _asked_by(record: Message | Output) -> bytes | None:
    return h.first(record.headers, h.CORRELATION_ID)
