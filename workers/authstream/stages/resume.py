"""resume: brings a suspended flow on when its browser is back, once for each state."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from datetime import timedelta

import structlog
from pydantic import ValidationError

from authstream import telemetry
from authstream.contracts import headers as h
from authstream.contracts.avro import decode, encode
from authstream.contracts.budgets import STATE_LIFETIME
from authstream.contracts.envelope import Envelope, Failure
from authstream.contracts.resume import Resume
from authstream.contracts.topics import Topics
from authstream.contracts.verdict import Verdict
from authstream.engine.legs import renewed, resumed
from authstream.engine.plan import current
from authstream.engine.ports import Memory, Message, Output, Outputs, PointReader, Stage
from authstream.engine.signature import signed, verify
from authstream.engine.state import State, StateKeys
from authstream.engine.trigger import Trigger
from authstream.engine.window import FirstWindow, leg_key
from authstream.errors import (
    AuthstreamError,
    InvalidEventError,
    RecordError,
    StateError,
    StateExpiredError,
    StateForeignError,
    StateInvalidError,
    StateUsedError,
    UndecodableError,
    UnwritableError,
)
from authstream.stages.deadline import deadline
from authstream.stages.outputs import dead_letter, envelope_output, event_headers
from authstream.stages.refusal import stub

#: How long a used state is known: its lifetime, and a margin for clocks, as reading back begins at
#: a time of this machine's.
REMEMBERED = STATE_LIFETIME + timedelta(minutes=5)


class ResumeStage(Stage):
    """Reads `resume`; writes to the action that suspended the flow.

    A state that is not good is answered to whoever brought it and changes nothing for its flow.
    """

    name = "resume"

    def __init__(
        self,
        *,
        topics: Topics,
        triggers: Mapping[str, Trigger],
        reader: PointReader,
        slip_key: bytes | None,
        state_keys: StateKeys | None,
    ) -> None:
        self.topics = (topics.resume,)
        self._names = topics
        self._triggers = dict(triggers)
        self._reader = reader
        self._slip_key = slip_key
        self._state_keys = state_keys
        self._log = structlog.get_logger("authstream.resume")
        #: The offset of the record that used a state first, by partition.
        self._used: dict[int, FirstWindow] = {}
        self.memories = (
            Memory(self.topics, REMEMBERED, self._remember, self._forget, until_position=True),
        )

    async def handle(self, message: Message) -> Outputs:
        """The next leg, or what is wrong with the state. Raises RecordError for anything else.

        A state that is not good makes no dead letter: anybody with a browser can send one.
        """
        resume = brought(message)
        try:
            return await self._resumed(resume, message)
        except StateError as error:
            self._log.info("state_refused", code=error.code, reason=str(error))
            return self._answer(message, error)

    def refuse(self, message: Message, error: RecordError) -> Outputs:
        """A dead letter without the request, which may hold secrets, and an answer."""
        letter = dead_letter(
            self._names.dead_letter, message, error, stage=self.name, value=_stripped(message)
        )
        return [letter, *self._answer(message, error)]

    async def _resumed(self, resume: Resume, message: Message) -> Outputs:
        state = self._opened(resume, message)
        first = self._first(state, message)
        if first != message.offset:
            await self._check_browser(resume, message.partition, first=first)
            return self._ask(await self._suspended(state), message)
        return [self._continued(await self._suspended(state), resume, message)]

    def _opened(self, resume: Resume, message: Message) -> State:
        if self._state_keys is None:
            raise StateInvalidError("no key for states is set here: set AUTHSTREAM_STATE_KEY")
        state = self._state_keys.opened(resume.state)
        if state.partition != message.partition:
            # Each partition knows only what was used in it.
            raise StateForeignError("the state belongs to a flow in another partition")
        if message.timestamp > state.expires_at:
            raise StateExpiredError(
                f"the state was good for {STATE_LIFETIME}: begin the login again"
            )
        return state

    def _first(self, state: State, message: Message) -> int:
        used = self._used.setdefault(message.partition, FirstWindow(REMEMBERED))
        key = leg_key(state.flow_id, state.leg)
        return used.first(key, message.offset, at=message.timestamp)

    async def _check_browser(self, resume: Resume, partition: int, *, first: int) -> None:
        """Raises StateUsedError unless the browser that used the state before is back."""
        if resume.browser:
            before = await self._reader.read(self._names.resume, partition, first)
            known = brought(before).browser if before is not None else None
            if known and hmac.compare_digest(known.encode(), resume.browser.encode()):
                return
        raise StateUsedError("the state was used before: begin the login again")

    async def _suspended(self, state: State) -> Envelope:
        """The waiting envelope. Raises StateError when it is gone or another's."""
        topic = self._names.suspended
        message = await self._reader.read(topic, state.partition, state.offset)
        if message is None:
            raise StateExpiredError(
                f"flow {state.flow_id} is not in {topic} any more: begin the login again"
            )
        envelope = decode(Envelope, message.value)
        verify(envelope, self._slip_key)
        known = envelope.trigger in self._triggers
        if (envelope.flow_id, envelope.leg) != (state.flow_id, state.leg) or not known:
            raise StateForeignError(f"the state does not lead to flow {state.flow_id}")
        # The browser's way back is a trace of its own: the link leads to the one that it left.
        said: dict[str, str | int] = {
            "authstream.flow_id": state.flow_id,
            "authstream.leg": state.leg,
        }
        with telemetry.span("find suspended flow", said, after=message.headers):
            return envelope

    def _continued(self, suspended: Envelope, resume: Resume, message: Message) -> Output:
        trigger = self._triggers[suspended.trigger]
        envelope = self._next_leg(suspended, message)
        step = current(envelope)
        try:
            envelope = renewed(envelope, resume, trigger)
            return envelope_output(
                step.topic if step else self._names.assemble, envelope, source=message
            )
        except (InvalidEventError, UnwritableError) as error:
            failed = stub(envelope, Failure(code=error.code, reason=str(error)))
            return envelope_output(self._names.assemble, failed, source=message)

    def _ask(self, suspended: Envelope, message: Message) -> Outputs:
        """Have the next leg's verdict said again, now or when there is one."""
        if h.first(message.headers, h.REPLY_PARTITION) is None:
            return ()
        envelope = self._next_leg(suspended, message).model_copy(update={"event": b""})
        asking = envelope_output(self._names.assemble, envelope, source=message)
        return [asking._replace(headers=(*asking.headers, (h.REPEAT, b"1")))]

    def _next_leg(self, suspended: Envelope, message: Message) -> Envelope:
        until = deadline(message, self._triggers[suspended.trigger])
        return signed(resumed(suspended, at=message.timestamp, until=until), self._slip_key)

    def _answer(self, message: Message, error: AuthstreamError) -> Outputs:
        """A verdict for this caller only: it is not in `decided`, so the flow has none of it."""
        partition = h.number(message.headers, h.REPLY_PARTITION)
        if partition is None:
            return ()
        verdict = Verdict(
            flow_id="",
            leg=0,
            tenant="",
            trigger="",
            outcome="failed",
            code=error.code,
            reason=str(error),
            requested_at=message.timestamp,
            decided_at=message.timestamp,
        )
        place = f"{message.topic}/{message.partition}/{message.offset}"
        headers = h.make(event_headers("verdict", place)) + h.carried(message.headers)
        return [Output(self._names.replies, message.key, encode(verdict), headers, partition)]

    def _remember(self, message: Message) -> None:
        """Rebuilt from our own input: a record whose state was good has used it."""
        try:
            state = self._opened(brought(message), message)
        except (RecordError, StateError):
            return
        self._first(state, message)

    def _forget(self, _topic: str, partition: int) -> None:
        self._used.pop(partition, None)


def brought(message: Message) -> Resume:
    """What a record of the topic says. Raises UndecodableError."""
    if h.first(message.headers, h.CONTENT_TYPE) == h.AVRO_TYPE:
        return decode(Resume, message.value)
    try:
        return Resume.model_validate_json(message.value or b"")
    except ValidationError as error:
        names = ", ".join(".".join(map(str, problem["loc"])) for problem in error.errors())
        raise UndecodableError(
            f"not a resume record: {names or 'no JSON'}; send state and request"
        ) from None


def _stripped(message: Message) -> bytes:
    try:
        resume = brought(message)
    except RecordError:
        return b""
    return encode(resume.model_copy(update={"request": {}, "event": {}}))
