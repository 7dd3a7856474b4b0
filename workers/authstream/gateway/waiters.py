"""Asks the flow on behalf of callers: one flow for an event however often its provider calls."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog

from authstream.broker.exchange import Exchange, UnknownPartitionError
from authstream.contracts import headers as h
from authstream.contracts.answer import Answered
from authstream.contracts.avro import decode, encode
from authstream.contracts.codes import TIMEOUT
from authstream.contracts.envelope import Envelope, Failure
from authstream.contracts.resume import Resume
from authstream.contracts.topics import Topics
from authstream.contracts.verdict import Verdict
from authstream.engine.identity import flow_id
from authstream.engine.ports import Message, Output
from authstream.engine.resume_record import resume_record
from authstream.engine.trigger import Trigger
from authstream.errors import AuthstreamError, BackPressureError, BrokerUnreachableError
from authstream.publisher.coroutines import acknowledged, settle
from authstream.publisher.request import (
    LoginEvent,
    answer_of,
    event_record,
    foreign_state,
    sent,
)
from authstream.settings import Settings
from authstream.stages.outputs import event_headers, flow_headers

#: A verdict is kept for a provider's retries; after that the log still has it.
KEPT_FOR = timedelta(minutes=5)
#: Calls without an id of their own count as one call again for so long (retries come sooner).
SAME_FOR = timedelta(seconds=10)
#: Verdicts kept at most.
MOST_KEPT = 20_000
#: How long after its deadline a verdict is still looked at, to see whether it says another thing.
LATE = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Question:
    """What a connection asks, ready to publish."""

    event: LoginEvent
    tenant: str
    subject: str | None
    #: The same for calls that are one.
    same: str
    same_for: timedelta
    #: Milliseconds since the epoch.
    deadline_at: int
    #: More headers of the event's record.
    headers: h.Headers = ()

    @property
    def flow(self) -> str:
        """The flow that entry will find by itself."""
        event = self.event
        return flow_id(self.tenant, event.trigger, event.source, event.id, subject=self.subject)

    @property
    def key(self) -> str:
        """The flow's key."""
        return f"{self.tenant}/{self.subject or self.flow}"


@dataclass(frozen=True, slots=True)
class Resolution:
    """A verdict, or why there is none."""

    verdict: Verdict | None
    #: `timeout` or `unavailable` without a verdict.
    code: str = ""


@dataclass(frozen=True, slots=True)
class _Late:
    """No verdict in time, on a question that the broker has since then (milliseconds)."""

    requested_at: int


class Waiters:
    """For one event loop. `mismatch` is called with the source of an event answered otherwise."""

    def __init__(
        self, settings: Settings, topics: Topics, *, mismatch: Callable[[str], None]
    ) -> None:
        self._settings = settings
        self._topics = topics
        self._mismatch = mismatch
        self._opened: Exchange | None = None
        self._listening = False
        self._runs: OrderedDict[str, tuple[float, asyncio.Task[Resolution]]] = OrderedDict()
        self._late: set[asyncio.Task[None]] = set()
        self._log = structlog.get_logger("authstream.gateway")

    async def listen(self) -> None:
        """Be ready for answers. Raises BrokerUnreachableError, ConfigurationError."""
        if not self._listening:
            await asyncio.to_thread(self._exchange.listen)
            self._listening = True

    @property
    def _exchange(self) -> Exchange:
        """Opened when first used."""
        if self._opened is None:
            self._opened = Exchange(self._settings, self._topics.replies)
        return self._opened

    async def close(self) -> None:
        """Write what waits, and stop."""
        for task in self._late:
            task.cancel()
        await asyncio.gather(*self._late, return_exceptions=True)
        if self._opened is not None:
            await asyncio.to_thread(self._opened.close)

    async def ask(self, question: Question, trigger: Trigger) -> tuple[Resolution, bool]:
        """The verdict on a question, and whether another call had asked it already."""
        run = self._run_of(question.same)
        joined = run is not None
        if run is None:
            run = asyncio.create_task(self._decide(question, trigger))
            self._keep(question, run)
        left = (question.deadline_at - _now()) / 1000
        done, _ = await asyncio.wait([run], timeout=max(0.0, left) if joined else None)
        return (run.result() if done else Resolution(None, "timeout")), joined

    def _run_of(self, same: str) -> asyncio.Task[Resolution] | None:
        until, run = self._runs.get(same, (0.0, None))
        return run if run is not None and (not run.done() or time.monotonic() < until) else None

    def _keep(self, question: Question, run: asyncio.Task[Resolution]) -> None:
        self._runs[question.same] = (
            time.monotonic() + question.same_for.total_seconds(),
            run,
        )
        self._runs.move_to_end(question.same)
        run.add_done_callback(lambda done: self._drop_unanswered(question.same, done))
        while len(self._runs) > MOST_KEPT:
            self._runs.popitem(last=False)

    def _drop_unanswered(self, same: str, run: asyncio.Task[Resolution]) -> None:
        """What was not answered is asked again: the log may know by then."""
        kept = self._runs.get(same)
        if (
            kept is not None
            and kept[1] is run
            and (run.cancelled() or run.exception() is not None or run.result().verdict is None)
        ):
            del self._runs[same]

    async def _decide(self, question: Question, trigger: Trigger) -> Resolution:
        loop = asyncio.get_running_loop()
        reply: asyncio.Future[Message] = loop.create_future()
        try:
            correlation, address = await self._expect(reply)
        except AuthstreamError as error:
            return self._unavailable(question.event.source, error)
        try:
            return await self._answer(question, trigger, address, reply)
        except AuthstreamError as error:
            return self._unavailable(question.event.source, error)
        finally:
            if reply.done():
                self._exchange.forget(correlation)
            else:
                self._watch(question, correlation, reply)

    async def resume(self, resume: Resume, *, deadline_at: int) -> Resolution:
        """The verdict of the next leg of a suspended flow.

        Raises StateInvalidError for a state that nobody of us made, TooLargeError for its request.
        """
        reply: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        try:
            correlation, address = await self._expect(reply)
        except AuthstreamError as error:
            return self._unavailable("/continue", error)
        headers = (*address, (h.DEADLINE, b"%d" % deadline_at))
        try:
            record = resume_record(self._topics, resume, headers)
            found = await self._replied(record, reply, deadline_at)
        except UnknownPartitionError:
            raise foreign_state() from None
        except (BackPressureError, BrokerUnreachableError) as error:
            return self._unavailable("/continue", error)
        finally:
            self._exchange.forget(correlation)
        return Resolution(None, TIMEOUT) if isinstance(found, _Late) else found

    async def _expect(self, reply: asyncio.Future[Message]) -> tuple[bytes, h.Headers]:
        """Raises BrokerUnreachableError, ConfigurationError."""
        loop = asyncio.get_running_loop()
        await self.listen()
        return self._exchange.expect(lambda message: settle(loop, reply, message))

    async def _answer(
        self,
        question: Question,
        trigger: Trigger,
        address: h.Headers,
        reply: asyncio.Future[Message],
    ) -> Resolution:
        """Raises BackPressureError, BrokerUnreachableError."""
        headers = (*address, (h.DEADLINE, b"%d" % question.deadline_at), *question.headers)
        record = event_record(question.event, self._topics, headers)
        found = await self._replied(record, reply, question.deadline_at)
        if isinstance(found, _Late):
            return self._timed_out(question, trigger, found, address=address)
        return found

    async def _replied(
        self, record: Output, reply: asyncio.Future[Message], deadline_at: int
    ) -> Resolution | _Late:
        """Raises BackPressureError, BrokerUnreachableError, UnknownPartitionError."""
        loop = asyncio.get_running_loop()
        written: asyncio.Future[Message | BrokerUnreachableError] = loop.create_future()
        with sent(record) as output:
            self._exchange.send(output, lambda result: settle(loop, written, result))
        left = (deadline_at - _now()) / 1000
        waiting: set[asyncio.Future[Any]] = {reply, written}
        end = time.monotonic() + left
        while not reply.done():
            done, _ = await asyncio.wait(
                waiting, timeout=end - time.monotonic(), return_when=asyncio.FIRST_COMPLETED
            )
            if not done:
                result = written.result() if written.done() else None
                return _Late(result.timestamp if isinstance(result, Message) else _now())
            if written in done:
                waiting.discard(written)
                result = written.result()
                if isinstance(result, BrokerUnreachableError):
                    raise result
        return Resolution(answer_of(reply.result()))

    def _timed_out(
        self,
        question: Question,
        trigger: Trigger,
        late: _Late,
        *,
        address: h.Headers,
    ) -> Resolution:
        """Tell assemble that the caller went away: whichever record comes first there counts."""
        if not trigger.blocking:
            # The flow goes on without its caller, and is tried again if it fails.
            return Resolution(None, TIMEOUT)
        at = late.requested_at
        envelope = Envelope(
            flow_id=question.flow,
            tenant=question.tenant,
            trigger=trigger.name,
            key=question.key,
            subject=question.subject,
            requested_at=at,
            deadline_at=question.deadline_at,
            failure=Failure(code=TIMEOUT, reason="the caller stopped waiting"),
        )
        flow = flow_headers(
            envelope.flow_id, 0, tenant=envelope.tenant, trigger=trigger.name, requested_at=at
        )
        headers = h.make({**event_headers("envelope", f"{question.flow}/0/timeout"), **flow})
        self._write(
            Output(
                self._topics.assemble, question.key.encode(), encode(envelope), headers + address
            )
        )
        return Resolution(None, TIMEOUT)

    async def write(self, record: Output) -> None:
        """Write a record that somebody waits for.

        Raises BackPressureError, BrokerUnreachableError.
        """
        await acknowledged(self._exchange, record)

    def record(self, answered: Answered) -> None:
        """Keep what a caller was really told."""
        headers = h.make(event_headers("answered", f"{answered.flow_id}/{answered.answered_at}"))
        key = answered.flow_id.encode()
        self._write(Output(self._topics.answers, key, encode(answered), headers))

    def _write(self, output: Output) -> None:
        """Nobody waits for it: what cannot be written is logged."""
        try:
            with sent(output) as record:
                self._exchange.send(record, self._noticed)
        except AuthstreamError as error:
            self._log.error("record_not_written", topic=output.topic, reason=str(error))

    def _noticed(self, result: Message | BrokerUnreachableError) -> None:
        if isinstance(result, BrokerUnreachableError):
            self._log.error("record_not_written", reason=str(result))

    def _unavailable(self, source: str, error: AuthstreamError) -> Resolution:
        self._log.error("cannot_ask", source=source, reason=str(error))
        return Resolution(None, "unavailable")

    def _watch(
        self, question: Question, correlation: bytes, reply: asyncio.Future[Message]
    ) -> None:
        task = asyncio.create_task(self._await_late(question, correlation, reply))
        self._late.add(task)
        task.add_done_callback(self._late.discard)

    async def _await_late(
        self, question: Question, correlation: bytes, reply: asyncio.Future[Message]
    ) -> None:
        try:
            async with asyncio.timeout(LATE.total_seconds()):
                verdict = decode(Verdict, (await reply).value)
        except TimeoutError:
            return
        finally:
            self._exchange.forget(correlation)
        if verdict.outcome != "failed":
            self._mismatch(question.event.source)
            self._log.warning(
                "answer_mismatch",
                source=question.event.source,
                flow_id=verdict.flow_id,
                outcome=verdict.outcome,
            )


def _now() -> int:
    return time.time_ns() // 1_000_000
