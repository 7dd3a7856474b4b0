"""action: runs one action on the flows that wait for it, and sends each to its next step."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Protocol

import orjson
from opentelemetry import trace

from authstream import telemetry
from authstream.contracts.avro import decode
from authstream.contracts.budgets import COMMANDS_BYTES, CONSOLE_CHARACTERS, ERROR_CHARACTERS
from authstream.contracts.codes import (
    ACTION_ERROR,
    ACTION_TIMEOUT,
    PLATFORM_ERROR,
    TIMEOUT,
    UNKNOWN_VERSION,
)
from authstream.contracts.envelope import (
    Command,
    ConsoleLine,
    Envelope,
    Failure,
    Run,
    RunStatus,
    Step,
)
from authstream.contracts.slug import DEFAULT_TENANT, slug
from authstream.contracts.topics import Topics
from authstream.engine.legs import continues
from authstream.engine.plan import current, position_from
from authstream.engine.ports import Clock, Message, Output, Outputs, Stage
from authstream.engine.signature import verify
from authstream.engine.state import StateKeys
from authstream.engine.suspension import MFA, asked, suspends
from authstream.engine.trigger import Trigger
from authstream.engine.visibility import calls, operations
from authstream.errors import RecordError, UnwritableError
from authstream.metrics.registry import REGISTRY
from authstream.sandbox.guest import Invocation, Outcome
from authstream.stages.console_log import log_console
from authstream.stages.outputs import envelope_output
from authstream.stages.refusal import refused, stub
from authstream.stages.run_log import RunLog
from authstream.stages.suspend import suspend

MILLISECOND = timedelta(milliseconds=1)
#: Messages of one key that may wait for an action; one more is answered `rate_limited`.
QUEUE_PER_KEY = 8
#: On top of a step's own timeout: the guest's start and the way back.
RUN_MARGIN = timedelta(seconds=5)
#: How both guests call the error of a handler that an action does not define.
NO_HANDLER = "NoHandlerError"
#: Runs whose commands count.
_DONE = ("ok", "denied", "suspended")


class Runtime(Protocol):
    """Something that runs an action: a guest process, or in-process code in benchmarks."""

    def run(self, invocation: Invocation) -> Awaitable[Outcome]:
        """The outcome of one run; never raises for what the action did."""
        ...


class Versions(Protocol):
    """The deployed versions of one action."""

    async def runtime(self, version: int, control_offset: int) -> Runtime | None:
        """What runs a version, once the control view has reached the offset; None: unknown."""


def stage_name(tenant: str, action: str) -> str:
    """The stage of an action, and so its consumer group: two tenants' actions never share one."""
    return f"action.{slug(tenant, action)}"


class MisroutedError(RecordError):
    """An envelope came to an action that is not its current step."""

    code = "misrouted"


@dataclass(frozen=True, slots=True)
class _Ran:
    run: Run
    commands: tuple[Command, ...]


class Action(Stage):
    """The stage of one action.

    Reads its own topic; writes to the next action, to denied, or to assemble.
    """

    queue_per_key = QUEUE_PER_KEY

    def __init__(  # noqa: PLR0913 - what an action needs, by name
        self,
        topic: str,
        *,
        name: str,
        tenant: str = DEFAULT_TENANT,
        versions: Versions,
        topics: Topics,
        triggers: Mapping[str, Trigger],
        clock: Clock,
        slip_key: bytes | None,
        state_keys: StateKeys | None = None,
    ) -> None:
        self.name = stage_name(tenant, name)
        self.topics = (topic,)
        self._tenant = tenant
        self._label = slug(tenant, name)
        self._took = REGISTRY.histogram("authstream.action.duration", self._label)
        self._versions = versions
        self._names = topics
        self._triggers = dict(triggers)
        self._clock = clock
        self._slip_key = slip_key
        self._state_keys = state_keys
        self._run_log = RunLog(self.name)
        self.timeout = max(trigger.budget for trigger in triggers.values()) + RUN_MARGIN

    async def handle(self, message: Message) -> Outputs:
        """The flow's next record.

        Raises RecordError for an envelope that is not ours or not signed.
        """
        envelope = decode(Envelope, message.value)
        verify(envelope, self._slip_key)
        step = current(envelope)
        if step is None or step.topic != message.topic:
            raise MisroutedError(
                f"flow {envelope.flow_id} is at step {envelope.slip.position}, "
                f"which is not {message.topic}"
            )
        left = self._triggers[envelope.trigger].left(envelope, now=self._clock.now())
        if left <= 0:
            telemetry.describe({}, error=TIMEOUT)
            lay = self._clock.now() - message.timestamp
            reason = (
                f"the deadline passed before the action could run: it lay {lay} ms in its topic"
            )
            return [self._failed(envelope, step, message, code=TIMEOUT, reason=reason)]
        ran = await self._run(envelope, step, left=left, queued_at=message.timestamp)
        if ran is None:
            telemetry.describe({}, error=UNKNOWN_VERSION)
            return [
                self._failed(
                    envelope,
                    step,
                    message,
                    code=UNKNOWN_VERSION,
                    reason=f"version {step.version} is not deployed here",
                )
            ]
        self._run_log.tell(envelope, ran.run)
        return [self._next(envelope, step, ran, message)]

    def refuse(self, message: Message, error: RecordError) -> Outputs:
        """A dead letter and a failed flow."""
        return refused(message, error, stage=self.name, topics=self._names, triggers=self._triggers)

    async def _run(
        self, envelope: Envelope, step: Step, *, left: int, queued_at: int
    ) -> _Ran | None:
        runtime = await self._versions.runtime(step.version, envelope.slip.control_offset)
        if runtime is None:
            return None
        trigger = self._triggers[envelope.trigger]
        resumed = continues(envelope)
        invocation = Invocation(
            handler=trigger.continues if resumed and trigger.continues else trigger.handler,
            event=envelope.event,
            operations=operations(envelope),
            timeout=min(step.timeout_ms, left) * MILLISECOND,
            calls=calls(envelope.trigger, envelope.commands),
            interactive=envelope.interactive and self._state_keys is not None,
        )
        with telemetry.span(
            f"run {step.action}",
            {
                "authstream.action": step.action,
                "authstream.version": step.version,
                "authstream.flow_id": envelope.flow_id,
            },
        ) as span:
            outcome = await runtime.run(invocation)
            if resumed:
                outcome = _forgiven(envelope, outcome)
            ran = _recorded(
                step,
                outcome,
                leg=envelope.leg,
                trigger=trigger,
                queued_at=queued_at,
                owner=self._tenant,
            )
            _describe(span, ran.run)
        self._measure(ran.run)
        if ran.run.console:
            log_console(ran.run)
        return ran

    def _measure(self, run: Run) -> None:
        self._took.observe(run.duration_ms / 1000)
        REGISTRY.counter("authstream.action.runs", self._label, run.status).add()

    def _next(self, envelope: Envelope, step: Step, ran: _Ran, message: Message) -> Output:
        runs = (*envelope.runs, ran.run)
        if ran.run.status not in _DONE:
            if step.on_error == "fail":
                return self._failed(
                    envelope.model_copy(update={"runs": runs}),
                    step,
                    message,
                    code=_code(ran.run),
                    reason=_reason(ran.run),
                )
            return self._forward(envelope, message, runs=runs)
        commands = envelope.commands + ran.commands
        if ran.run.status == "ok":
            return self._forward(envelope, message, runs=runs, commands=commands)
        grown = envelope.model_copy(update={"runs": runs, "commands": commands})
        if ran.run.status == "denied":
            return envelope_output(self._names.denied, grown, source=message)
        trigger = self._triggers[envelope.trigger]
        return suspend(grown, message, trigger=trigger, topics=self._names, keys=self._state_keys)

    def _forward(self, envelope: Envelope, message: Message, **grown: object) -> Output:
        position = position_from(envelope.slip.steps, envelope.slip.position + 1)
        slip = envelope.slip.model_copy(update={"position": position})
        envelope = envelope.model_copy(update={"slip": slip, **grown})
        step = current(envelope)
        return envelope_output(
            step.topic if step else self._names.assemble, envelope, source=message
        )

    def _failed(
        self, envelope: Envelope, step: Step, message: Message, *, code: str, reason: str
    ) -> Output:
        failure = Failure(code=code, reason=reason, action=step.action)
        failed = envelope.model_copy(update={"failure": failure})
        try:
            # Whole: the record of the execution says what the actions before asked for.
            return envelope_output(self._names.assemble, failed, source=message)
        except UnwritableError:
            return envelope_output(self._names.assemble, stub(envelope, failure), source=message)


def _forgiven(envelope: Envelope, outcome: Outcome) -> Outcome:
    """After MFA an action need not go on: without a handler for it, the next one's turn is come."""
    missing = outcome.thrown is not None and outcome.thrown.name == NO_HANDLER
    before = {command.name for command in asked(envelope, leg=envelope.leg - 1)}
    if missing and before <= MFA:
        return replace(outcome, status="ok", error=None, thrown=None)
    return outcome


def _recorded(
    step: Step, outcome: Outcome, *, leg: int, trigger: Trigger, queued_at: int, owner: str
) -> _Ran:
    """What goes into the envelope of an outcome, within the budgets."""
    commands = tuple(
        Command(action=step.action, name=name, arguments=orjson.dumps(arguments), leg=leg)
        for name, arguments in outcome.commands
    )
    status: RunStatus = outcome.status
    error, thrown = outcome.error, outcome.thrown
    size = sum(len(command.arguments) for command in commands)
    if size > COMMANDS_BYTES:
        status, thrown, commands = "error", None, ()
        error = f"the action's commands are {size} bytes, the limit is {COMMANDS_BYTES}"
    if status == "ok":
        status = _ending(trigger, [command.name for command in commands])
    run = Run(
        action=step.action,
        version=step.version,
        started_at=int(outcome.started_at.timestamp() * 1000),
        duration_ms=round(outcome.duration / MILLISECOND, 3),
        status=status,
        error=error[:ERROR_CHARACTERS] if error else None,
        console=_cut(outcome.console),
        leg=leg,
        queued_at=queued_at,
        thrown=thrown,
        owner=owner,
    )
    return _Ran(run, commands if status in _DONE else ())


def _ending(trigger: Trigger, names: Sequence[str]) -> RunStatus:
    """What an action's commands make of its run: a denial wins over what would suspend."""
    if any(map(trigger.denies, names)):
        return "denied"
    return "suspended" if suspends(names) else "ok"


def _cut(console: tuple[tuple[str, str], ...]) -> tuple[ConsoleLine, ...]:
    room = CONSOLE_CHARACTERS
    lines: list[ConsoleLine] = []
    for level, text in console:
        if room <= 0:
            break
        lines.append(ConsoleLine(level=level, text=text[:room]))
        room -= len(text)
    return tuple(lines)


def _reason(run: Run) -> str:
    """For whoever reads the verdict: never the lines of the action's code."""
    return run.thrown.text if run.thrown else run.error or run.status


def _code(run: Run) -> str:
    """The failure code in Auth0's classes: action_timeout, action_error, platform_error."""
    return {"timeout": ACTION_TIMEOUT, "unavailable": PLATFORM_ERROR}.get(run.status, ACTION_ERROR)


def _describe(span: trace.Span, run: Run) -> None:
    """Outcome on the span; a denial is an answer, not an error."""
    if not span.is_recording():
        return
    span.set_attribute("authstream.outcome", run.status)
    if run.status not in _DONE:
        span.set_attribute("error.type", _code(run))
        span.set_status(trace.StatusCode.ERROR)
