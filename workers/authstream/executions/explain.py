"""The story of one flow in plain words: what happened, why it ended so, and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from authstream.contracts.execution import Execution
from authstream.executions.advice import advice
from authstream.executions.moments import Moment, moments, tries
from authstream.executions.port import Flow, Recorded
from authstream.executions.waits import NOTABLE, waits

#: The answer that goes with a verdict; another one is told.
_FITTING = {"allowed": "allowed", "denied": "denied", "suspended": "suspended"}


@dataclass(frozen=True, slots=True)
class Story:
    """What `authstream explain` tells; each list is sentences."""

    flow_id: str
    headline: str
    happened: tuple[Moment, ...]
    why: tuple[str, ...]
    #: What did not take effect.
    dropped: tuple[str, ...]
    advice: tuple[str, ...]
    #: Where the trace is shown; None when none was recorded.
    trace: str | None

    def public(self) -> dict[str, Any]:
        """JSON-ready members."""
        told = [moment._asdict() for moment in self.happened]
        return {**asdict(self), "happened": told}

    def lines(self) -> list[str]:
        """For a terminal."""
        start = self.happened[0].at if self.happened else 0
        found = [self.headline, f"flow {self.flow_id}"]
        found.append(f"trace {self.trace}" if self.trace else "no trace was recorded")
        found += ["", "What happened"]
        for moment in self.happened:
            found.append(f"  {moment.at - start:+8} ms  {moment.text}")
            found += [f"               {line}" for line in moment.details]
        parts = (("Why", self.why), ("Without effect", self.dropped), ("What to do", self.advice))
        for title, sentences in parts:
            if sentences:
                found += ["", title, *(f"  - {sentence}" for sentence in sentences)]
        return found


def explain(flow: Flow, *, trace_url: str) -> Story:
    """The story; `trace_url` has `{trace_id}` where the id goes."""
    last = _last(flow)
    traces = [one.trace_id for one in flow.letters] + [one.trace_id for one in flow.executions]
    trace = next(filter(None, reversed(traces)), None)
    return Story(
        flow.flow_id,
        _headline(last),
        tuple(moments(flow)),
        tuple(_why(flow, last)),
        tuple(_dropped(flow)),
        tuple(dict.fromkeys(_advice(flow, last))),
        trace_url.replace("{trace_id}", trace) if trace else None,
    )


def _last(flow: Flow) -> Recorded | None:
    """The execution that says how the flow stands."""
    return next((one for one in reversed(flow.executions) if not one.execution.late), None)


def _headline(last: Recorded | None) -> str:
    if last is None:
        return "No verdict is recorded."
    said = last.execution
    who = said.subject or "nobody known"
    where = f" at {said.client}" if said.client else ""
    when = datetime.fromtimestamp(said.requested_at / 1000, UTC).isoformat(" ", "milliseconds")
    legs = f", leg {said.leg}" if said.leg else ""
    ended = f"{said.outcome.upper()} after {said.decided_at - said.requested_at} ms"
    return f"{said.trigger} of {who}{where} (tenant {said.tenant}), {when}{legs}: {ended}"


def _why(flow: Flow, last: Recorded | None) -> Iterator[str]:
    if last is None:
        yield from (f"{one.stage} set it aside: {one.detail}" for one in flow.letters)
        return
    said = last.execution
    yield _outcome(said)
    yield from _slow(flow, last)
    for answer in flow.answers:
        if answer.leg == said.leg and answer.told != _FITTING.get(said.outcome, answer.told):
            yield (
                f"{answer.provider} was told {answer.told}, which is not the verdict: the answer "
                "came too late, or its policy decided"
            )
    if said.cut:
        yield f"the record was too large and is without {' and '.join(said.cut)}"


def _outcome(said: Execution) -> str:
    if said.outcome == "allowed":
        passed = [step for step in said.verdict.get("steps", ()) if step["status"] == "ok"]
        skipped = [step for step in said.verdict.get("steps", ()) if step["status"] != "ok"]
        others = "; ".join(f"{step['action']}: {step['status']}" for step in skipped)
        return f"{len(passed)} actions let it pass" + (f" ({others})" if others else "")
    reason = f": {said.reason}" if said.reason else ""
    if said.outcome == "denied":
        return f"{said.verdict.get('denied_by') or 'an emergency'} denied it{reason}"
    if said.outcome == "suspended":
        return f"{_suspender(said)} sent the browser away, and it has not come back yet"
    by = f" in {said.failed_by}" if said.failed_by else ""
    return f"it failed{by} with {said.code}{reason}"


def _suspender(said: Execution) -> str:
    return next((run.action for run in said.runs if run.status == "suspended"), "an action")


def _slow(flow: Flow, last: Recorded) -> Iterator[str]:
    for wait in waits(last):
        yield f"it waited {wait.ms} ms {wait.where}: {wait.cause}"
    for one in flow.executions:
        for run in one.execution.runs:
            if run.duration_ms * timedelta(milliseconds=1) >= NOTABLE:
                total = one.execution.decided_at - one.execution.requested_at
                yield f"{run.action} was slow: {run.duration_ms:.0f} ms of {total} ms in all"


def _dropped(flow: Flow) -> Iterator[str]:
    for one in flow.executions:
        for drop in one.execution.verdict.get("dropped", ()):
            target = f" {drop['target']}" if drop["target"] else ""
            yield f"{drop['command']}{target} of {drop['action']}: {drop['reason']}"
        if one.execution.outcome == "failed" and one.execution.commands:
            asked = sorted({command.action for command in one.execution.commands})
            yield f"all that {', '.join(asked)} asked for: a failed leg changes nothing"


def _advice(flow: Flow, last: Recorded | None) -> Iterator[str]:
    if last is None:
        for letter in flow.letters:
            yield from advice(letter.reason, action=None, flow=flow.flow_id)
    elif last.execution.outcome == "failed":
        said = last.execution
        yield from advice(said.code, action=said.failed_by, flow=flow.flow_id)
    elif last.execution.outcome == "denied":
        yield "if that is wrong, change the action that denied it, or what it looks at"
    for retry in flow.retries:
        yield f"{retry.kind} is tried again by itself: see that its destination is reachable"
    for done in flow.effects:
        if done.status == "dead":
            yield (
                f"{done.kind} was given up after {tries(done.attempts)}: repair its destination or "
                "its order, then: authstream dead-letters replay"
            )
    for letter in flow.letters:
        yield f"see the dead letter: authstream dead-letters show {letter.place}"
