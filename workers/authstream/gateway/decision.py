"""Answers one call of a provider: authentic, understood, asked, and told in its own words."""

from __future__ import annotations

import hashlib
import time
import uuid
from dataclasses import dataclass, replace
from datetime import timedelta

import orjson
import structlog
from opentelemetry import trace

from authstream import telemetry
from authstream.contracts import headers as h
from authstream.contracts.answer import Answered, Told
from authstream.contracts.verdict import Verdict
from authstream.control.connections import Connection
from authstream.engine.provider import DENIED, UNAVAILABLE, Answer, Asked, Call, Peer, Refusal
from authstream.engine.trigger import Trigger
from authstream.errors import InvalidCallError, InvalidEventError, UnauthenticatedError
from authstream.gateway.admission import Admission, ShedError
from authstream.gateway.key_sets import KeySets
from authstream.gateway.metrics import Metrics
from authstream.gateway.problems import ProblemError
from authstream.gateway.waiters import KEPT_FOR, SAME_FOR, Question, Resolution, Waiters
from authstream.publisher.request import LoginEvent

#: Failures that are the flow's own doing: these never let anybody in, whatever the policy says.
CLOSED = frozenset(
    (
        *("action_error", "invalid_event", "too_large", "unsigned_slip", "redirect_unsupported"),
        "not_in_release",
    )
)
#: Of an event's id on a span.
_SPAN_CHARACTERS = 200
_LOG = structlog.get_logger("authstream.gateway")


@dataclass(frozen=True, slots=True)
class _Outcome:
    answer: Answer
    told: Told
    code: str | None
    resolution: Resolution


class Decisions:
    """Answers calls. One for each event loop."""

    def __init__(
        self,
        *,
        triggers: dict[str, Trigger],
        waiters: Waiters,
        admission: Admission,
        metrics: Metrics,
        keys: KeySets,
    ) -> None:
        self._triggers = triggers
        self._waiters = waiters
        self._admission = admission
        self._metrics = metrics
        self._keys = keys

    async def answer(self, connection: Connection, call: Call) -> Answer:
        """What the provider is told. Raises ProblemError for a call that is not one of its own."""
        began = time.monotonic()
        peer = replace(connection.peer, keys=await self._keys.of(connection, call))
        asked = self._understood(connection, call, peer)
        if asked.trigger is None:
            return connection.provider.unchanged(asked, peer)
        trigger = self._triggers[asked.trigger]
        question = _question(connection, call, asked, trigger=trigger)
        if telemetry.tracing() is not None:
            event_id = question.event.id[:_SPAN_CHARACTERS]
            trace.get_current_span().set_attribute("cloudevents.event_id", event_id)
        resolution = await self._resolved(connection, question, trigger)
        outcome = told(connection, asked, resolution, peer=peer)
        self._keep(connection, question, outcome, began=began)
        return outcome.answer

    def _understood(self, connection: Connection, call: Call, peer: Peer) -> Asked:
        try:
            if connection.authenticated:
                connection.provider.authenticate(call, peer)
            asked = connection.provider.parse(call, peer)
        except UnauthenticatedError as error:
            # The reason is for the operator: told to the caller, it would help to guess.
            _LOG.warning("unauthenticated", connection=connection.name, reason=str(error))
            raise ProblemError(
                401, error.code, "the call is not signed as this connection requires"
            ) from None
        except InvalidCallError as error:
            raise ProblemError(400, error.code, str(error)) from None
        if asked.trigger is not None and asked.trigger not in self._triggers:
            raise ProblemError(404, "unknown_hook", "this connection has no such hook")
        return asked

    async def _resolved(
        self, connection: Connection, question: Question, trigger: Trigger
    ) -> Resolution:
        try:
            with self._admission.entered(
                connection.name,
                question.tenant,
                rate=connection.rate,
                deadline=connection.deadline,
            ):
                resolution, joined = await self._waiters.ask(question, trigger)
        except ShedError as shed:
            self._metrics.shed(connection.name, shed.code).add()
            return Resolution(None, shed.code)
        if joined:
            self._metrics.joined(connection.name).add()
        return resolution

    def _keep(
        self, connection: Connection, question: Question, outcome: _Outcome, *, began: float
    ) -> None:
        """Metrics, a log line and a record; nothing in them is about the user."""
        seconds = time.monotonic() - began
        trigger = question.event.trigger
        self._count(connection, trigger, outcome, seconds=seconds)
        verdict = outcome.resolution.verdict
        answered = Answered(
            flow_id=verdict.flow_id if verdict else question.flow,
            leg=verdict.leg if verdict else 0,
            tenant=question.tenant,
            trigger=trigger,
            connection=connection.name,
            provider=connection.provider.name,
            told=outcome.told,
            code=outcome.code,
            status=outcome.answer.status,
            lost=outcome.answer.lost,
            ms=seconds * 1000,
            answered_at=time.time_ns() // 1_000_000,
        )
        self._waiters.record(answered)
        _LOG.info(
            "answered",
            **answered.model_dump(include={"flow_id", "connection", "told", "code", "status"}),
            lost=list(answered.lost),
            ms=round(answered.ms, 1),
        )
        said = {telemetry.FLOW: answered.flow_id, "authstream.outcome": outcome.told}
        failed = outcome.told in ("failed_open", "failed_closed")
        telemetry.describe(said, error=(outcome.code or "failed") if failed else "")

    def _count(
        self, connection: Connection, trigger: str, outcome: _Outcome, *, seconds: float
    ) -> None:
        self._metrics.calls(connection.name, trigger, outcome.told).add()
        self._metrics.seconds(connection.name).observe(seconds)
        if outcome.code == "timeout":
            self._metrics.deadline_misses(connection.name, connection.provider.name).add()
        for part in outcome.answer.lost:
            self._metrics.lost(connection.name, part.partition(".")[0]).add()


def told(connection: Connection, asked: Asked, resolution: Resolution, *, peer: Peer) -> _Outcome:
    """The answer to a verdict, or to there being none: then the connection's policy decides."""
    provider, verdict = connection.provider, resolution.verdict
    if verdict is not None and verdict.outcome == "allowed":
        return _Outcome(provider.allow(asked, verdict, peer), "allowed", None, resolution)
    if verdict is not None and verdict.outcome == "suspended" and provider.redirects:
        return _Outcome(provider.allow(asked, verdict, peer), "suspended", None, resolution)
    if verdict is not None and verdict.outcome == "denied":
        refusal = Refusal(verdict.user_message or DENIED, verdict.code or "denied", verdict)
        return _Outcome(provider.deny(asked, refusal, peer), "denied", verdict.code, resolution)
    code = _failure(verdict) if verdict is not None else resolution.code
    if connection.fails_open and code not in CLOSED:
        return _Outcome(provider.unchanged(asked, peer), "failed_open", code, resolution)
    refusal = Refusal(UNAVAILABLE, code, verdict)
    answer = provider.unavailable(asked, refusal, peer)
    return _Outcome(answer, "failed_closed", code, resolution)


def _failure(verdict: Verdict) -> str:
    """Without a browser that can be sent elsewhere, `suspended` is a failure."""
    return "redirect_unsupported" if verdict.outcome == "suspended" else verdict.code or "failed"


def _question(connection: Connection, call: Call, asked: Asked, *, trigger: Trigger) -> Question:
    """Raises ProblemError for an event that the trigger does not take."""
    data = orjson.dumps(asked.event)
    try:
        event = trigger.parse(data)
    except InvalidEventError as error:
        raise ProblemError(422, error.code, str(error)) from None
    tenant, subject = trigger.tenant(event), trigger.subject(event)
    digest = hashlib.sha256(call.body).hexdigest()
    source = f"/connections/{connection.name}"
    event_id = asked.id or str(uuid.uuid4())
    same = (source, trigger.name, asked.id or digest, subject or "")
    retried = asked.id is not None or connection.provider.retries
    return Question(
        event=LoginEvent(trigger.name, data, event_id, source, hops=_hops(call)),
        tenant=tenant,
        subject=subject,
        same="\x1f".join(same) if retried else event_id,
        same_for=KEPT_FOR if asked.id is not None else SAME_FOR if retried else timedelta(0),
        headers=() if connection.provider.redirects else ((h.INTERACTIVE, b"no"),),
        deadline_at=call.received_at + connection.deadline // timedelta(milliseconds=1),
    )


def _hops(call: Call) -> int:
    """How many of our metadata writes led to the call, where the provider hands that on."""
    return h.number(((h.HOPS, call.headers.get(h.HOPS, "").encode()),), h.HOPS) or 0
