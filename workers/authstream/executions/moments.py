"""What happened to a flow, moment by moment, in plain words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from authstream.contracts.answer import Answered
from authstream.contracts.effect import EffectDone, PatchDone
from authstream.contracts.envelope import Run
from authstream.contracts.execution import Execution
from authstream.executions.port import Flow, Letter, Retry

#: Digits of a digest that are told.
_DIGITS = 12


class Moment(NamedTuple):
    """One thing that happened. `at` is in milliseconds since the epoch."""

    at: int
    text: str
    details: tuple[str, ...] = ()


def moments(flow: Flow) -> list[Moment]:
    """All of them, in order."""
    found = [moment for one in flow.executions for moment in _of_leg(one.execution)]
    found += [_told(one) for one in flow.answers]
    found += [_delivered(one) for one in flow.effects]
    found += [_waits(one) for one in flow.retries]
    found += [_patched(one) for one in flow.patches]
    found += [_set_aside(one) for one in flow.letters]
    return sorted(found, key=lambda moment: moment.at)


def tries(count: int) -> str:
    """A number of tries in words."""
    return "1 try" if count == 1 else f"{count} tries"


def _of_leg(said: Execution) -> Iterator[Moment]:
    if not said.late:
        yield Moment(said.requested_at, _began(said))
    for run in said.runs:
        yield _ran(run, late=" (too late: the leg was decided)" if said.late else "")
    if not said.late:
        yield Moment(said.decided_at, _decided(said), tuple(_message(said.verdict)))


def _began(said: Execution) -> str:
    if said.leg:
        return f"the browser came back: leg {said.leg}"
    digest = f" (SHA-256 {said.event_sha256[:_DIGITS]}…)" if said.event_sha256 else ""
    return f"the event came in{digest}"


def _ran(run: Run, *, late: str) -> Moment:
    text = f"{run.action} version {run.version} ran {run.duration_ms:.1f} ms: {run.status}{late}"
    lines = [f"{line.level}: {line.text}" for line in run.console]
    lines += (run.error or "").splitlines()
    return Moment(run.started_at, text, tuple(lines))


def _decided(said: Execution) -> str:
    code = f" ({said.code})" if said.code else ""
    reason = f": {said.reason.splitlines()[0]}" if said.reason else ""
    return f"verdict: {said.outcome}{code}{reason}"


def _message(verdict: dict[str, Any]) -> Iterator[str]:
    if verdict.get("user_message"):
        yield f"the user is told: {verdict['user_message']}"
    ordered = [order["kind"] for order in verdict.get("effects", ())]
    if ordered:
        yield f"effects ordered: {', '.join(ordered)}"


def _told(one: Answered) -> Moment:
    code = f" ({one.code})" if one.code else ""
    text = f"{one.provider} was told {one.told}{code}, HTTP {one.status}, after {one.ms:.0f} ms"
    lost = (f"its protocol cannot carry: {', '.join(one.lost)}",) if one.lost else ()
    return Moment(one.answered_at, text, lost)


def _delivered(done: EffectDone) -> Moment:
    if done.status == "delivered":
        return Moment(done.done_at, f"{done.kind} delivered after {tries(done.attempts)}")
    return Moment(done.done_at, f"{done.kind} given up", (done.detail,))


def _waits(retry: Retry) -> Moment:
    text = f"{retry.kind} not delivered, {tries(retry.attempts)} so far: it waits for the next"
    return Moment(retry.waits_since, text, (retry.reason,) if retry.reason else ())


def _patched(done: PatchDone) -> Moment:
    if done.status == "applied":
        text = f"metadata written to {done.sink} after {tries(done.attempts)}"
        return Moment(done.done_at, text)
    return Moment(done.done_at, f"metadata not written to {done.sink}: given up", (done.detail,))


def _set_aside(letter: Letter) -> Moment:
    text = f"a record of {letter.topic} was set aside by {letter.stage}: {letter.reason}"
    return Moment(letter.at, text, (letter.detail, f"dead letter {letter.place}"))
