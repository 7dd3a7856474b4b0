"""Folds all commands of a leg into one verdict: only here a login is allowed, denied or failed."""

from __future__ import annotations

from typing import Any

from authstream.contracts.codes import INCOMPLETE, TIMEOUT
from authstream.contracts.envelope import Envelope, Failure, Run, Step
from authstream.contracts.parameter import CommandRefusedError
from authstream.contracts.verdict import Outcome, Retry, StepResult, Verdict
from authstream.engine.draft import ODD, Draft
from authstream.engine.part import Denial, Members
from authstream.engine.plan import unfinished
from authstream.engine.trigger import Trigger


def fold(envelope: Envelope, trigger: Trigger, *, now: int) -> Verdict:
    """The verdict of a leg. `now` is the broker's time of the record that is decided on.

    Commands count in order, each by the rule of its part; a denial keeps what its parts say and
    gives no claims; a failure discards everything (Auth0: a throw discards and fails closed).
    Raises CommandRefusedError for a command that no action can have recorded.
    """
    if envelope.failure is not None:
        again = trigger.again(envelope, envelope.failure)
        return failed(envelope, envelope.failure, now=now, retry=again)
    draft = Draft(envelope, trigger.parts)
    for command in envelope.commands:
        draft.apply(command)
    try:
        return _decided(envelope, trigger, draft, now=now)
    except ODD as error:
        names = ", ".join(sorted({f"api.{command.name}" for command in envelope.commands}))
        raise CommandRefusedError(
            f"of the commands {names}, one has arguments that no action can have recorded: see who "
            "else writes to the topics of actions"
        ) from error


def _decided(envelope: Envelope, trigger: Trigger, draft: Draft, *, now: int) -> Verdict:
    # Also of a denied flow: parts may list commands as dropped.
    broken = draft.settle()
    failure = _failure(envelope, draft, broken, now=now)
    if failure is not None:
        return failed(envelope, failure, now=now, retry=trigger.again(envelope, failure))
    if draft.denial is not None:
        return _denied(envelope, draft, draft.denial, now=now)
    if envelope.state is not None:
        return _verdict(envelope, draft, "suspended", now=now, state=envelope.state)
    return _verdict(envelope, draft, "allowed", now=now)


def _failure(
    envelope: Envelope, draft: Draft, broken: Failure | None, *, now: int
) -> Failure | None:
    if now > envelope.deadline_at:
        return Failure(
            code=TIMEOUT,
            reason=f"not decided within {envelope.deadline_at - envelope.requested_at} ms",
        )
    if draft.denial is not None:
        return None
    return _incomplete(envelope) or broken


def _incomplete(envelope: Envelope) -> Failure | None:
    """An action cannot be jumped over."""
    # The step that suspends a leg, and those after it, are for later legs.
    missing = unfinished(envelope, until=envelope.slip.position if envelope.state else None)
    if not missing:
        return None
    action = missing[0].action
    return Failure(code=INCOMPLETE, reason="planned actions did not run", action=action)


def _denied(envelope: Envelope, draft: Draft, denial: Denial, *, now: int) -> Verdict:
    return _verdict(
        envelope,
        draft,
        "denied",
        now=now,
        code=denial.code,
        reason=denial.reason,
        user_message=denial.user_message,
        denied_by=denial.action,
    )


def _verdict(
    envelope: Envelope, draft: Draft, outcome: Outcome, *, now: int, **members: object
) -> Verdict:
    said: Members = {**_identity(envelope), **members, **draft.members(outcome)}
    # A part may know the subject better than the event did, but never less.
    said["subject"] = said["subject"] or envelope.subject
    return Verdict(outcome=outcome, steps=steps(envelope), decided_at=now, **said)


def failed(
    envelope: Envelope, failure: Failure, *, now: int, retry: Retry | None = None
) -> Verdict:
    """A verdict that lets nobody in and changes nothing."""
    return Verdict(
        **_identity(envelope),
        outcome="failed",
        code=failure.code,
        reason=failure.reason,
        retry=retry,
        steps=steps(envelope),
        decided_at=now,
    )


def _identity(envelope: Envelope) -> dict[str, Any]:
    members = ("flow_id", "leg", "tenant", "trigger", "subject", "requested_at")
    return {member: getattr(envelope, member) for member in members}


def steps(envelope: Envelope) -> tuple[StepResult, ...]:
    """What became of each planned step, in order."""
    # Of an action that went on after a suspension, what came of it then.
    runs = [run for run in envelope.runs[:-1] if run.status != "suspended"]
    runs += envelope.runs[-1:]
    results: list[StepResult] = []
    for step in envelope.slip.steps:
        run = None if step.skipped else _run_of(step, runs)
        if run is not None:
            runs.remove(run)
        status = "skipped" if step.skipped else run.status if run else "not_run"
        results.append(
            StepResult(
                action=step.action,
                version=step.version,
                status=status,
                ms=run.duration_ms if run else 0.0,
            )
        )
    return tuple(results)


def _run_of(step: Step, runs: list[Run]) -> Run | None:
    wanted = (step.action, step.version)
    return next((run for run in runs if (run.action, run.version) == wanted), None)
