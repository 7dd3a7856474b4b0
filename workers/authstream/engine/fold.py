"""Folds all commands of a leg into one verdict: only here a login is allowed, denied or failed."""

from __future__ import annotations

from typing import Any

import orjson

from authstream.contracts.budgets import CLAIMS_BYTES
from authstream.contracts.envelope import Envelope, Failure, Run, Step
from authstream.contracts.execution import Execution
from authstream.contracts.verdict import Claims, Metadata, StepResult, Verdict
from authstream.engine.draft import Denial, Draft
from authstream.engine.plan import unfinished
from authstream.engine.suspension import parts


def fold(envelope: Envelope, *, now: int) -> Verdict:
    """The verdict of a leg. `now` is the broker's time of the record that is decided on.

    Commands count in order and the last claim of a name wins; a denial keeps metadata queued so far
    and gives no claims; a failure discards everything (Auth0: a throw discards and fails closed).
    Raises CommandRefusedError for a command that no action can have recorded.
    """
    draft = Draft(envelope.flow_id, envelope.leg)
    for command in envelope.commands:
        draft.apply(command)
    failure = _failure(envelope, draft, now=now)
    if failure is not None:
        return failed(envelope, failure, now=now)
    if draft.denial is not None:
        return _denied(envelope, draft, draft.denial, now=now)
    if envelope.state is not None:
        return _suspended(envelope, draft, envelope.state, now=now)
    return _allowed(envelope, draft, now=now)


def _failure(envelope: Envelope, draft: Draft, *, now: int) -> Failure | None:
    if envelope.failure is not None:
        return envelope.failure
    if now > envelope.deadline_at:
        return Failure(
            code="timeout",
            reason=f"not decided within {envelope.deadline_at - envelope.requested_at} ms",
        )
    if draft.denial is not None:
        return None
    return _incomplete(envelope, draft) or _too_large(draft)


def _incomplete(envelope: Envelope, draft: Draft) -> Failure | None:
    """An action cannot be jumped over, and a flow that waits must be in the log."""
    if draft.asked and envelope.state is None:
        return Failure(code="incomplete", reason="a suspended flow is not in the log")
    # The step that suspends a leg, and those after it, are for later legs.
    missing = unfinished(envelope, until=envelope.slip.position if envelope.state else None)
    if not missing:
        return None
    action = missing[0].action
    return Failure(code="incomplete", reason="planned actions did not run", action=action)


def _too_large(draft: Draft) -> Failure | None:
    for token, claims in (("ID", draft.id_token), ("access", draft.access_token)):
        size = len(orjson.dumps(claims))
        if size > CLAIMS_BYTES:
            return Failure(
                code="too_large",
                reason=f"custom claims of the {token} token are {size} bytes, "
                f"the limit is {CLAIMS_BYTES}",
            )
    return None


def _allowed(envelope: Envelope, draft: Draft, *, now: int) -> Verdict:
    return Verdict(
        **_identity(envelope),
        outcome="allowed",
        claims=Claims(id_token=draft.id_token, access_token=draft.access_token),
        metadata=Metadata(app_metadata=draft.app_metadata, user_metadata=draft.user_metadata),
        effects=tuple(draft.effects),
        dropped=tuple(draft.dropped),
        steps=steps(envelope),
        decided_at=now,
    )


def _suspended(envelope: Envelope, draft: Draft, state: str, *, now: int) -> Verdict:
    """No claims yet; metadata and the effects of a suspension are not left for later."""
    return Verdict(
        **{**_identity(envelope), **parts(draft.asked, state)},
        outcome="suspended",
        state=state,
        metadata=Metadata(app_metadata=draft.app_metadata, user_metadata=draft.user_metadata),
        effects=tuple(draft.effects),
        dropped=tuple(draft.dropped),
        steps=steps(envelope),
        decided_at=now,
    )


def _denied(envelope: Envelope, draft: Draft, denial: Denial, *, now: int) -> Verdict:
    for command in draft.asked:
        draft.drop(command, command.name, "the flow was denied")
    return Verdict(
        **_identity(envelope),
        outcome="denied",
        code=denial.code,
        reason=denial.reason,
        user_message=denial.user_message,
        denied_by=denial.action,
        metadata=Metadata(app_metadata=draft.app_metadata, user_metadata=draft.user_metadata),
        effects=tuple(draft.effects),
        dropped=tuple(draft.dropped),
        steps=steps(envelope),
        decided_at=now,
    )


def failed(envelope: Envelope, failure: Failure, *, now: int) -> Verdict:
    """A verdict that lets nobody in and changes nothing."""
    return Verdict(
        **_identity(envelope),
        outcome="failed",
        code=failure.code,
        reason=failure.reason,
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


def execution(envelope: Envelope, verdict: Verdict) -> Execution:
    """The record of the execution behind a verdict."""
    members = (
        "flow_id",
        "leg",
        "tenant",
        "trigger",
        "outcome",
        "code",
        "reason",
        "requested_at",
        "decided_at",
    )
    return Execution(
        **{member: getattr(verdict, member) for member in members},
        runs=tuple(run for run in envelope.runs if run.leg == envelope.leg),
    )
