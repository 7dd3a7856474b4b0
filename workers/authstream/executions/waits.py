"""Where the time of an execution went that no action used: in a topic, or on the way into one."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

from authstream.contracts.envelope import Run
from authstream.executions.port import Recorded

#: A shorter wait is not told.
NOTABLE = timedelta(milliseconds=500)


class Wait(NamedTuple):
    """Milliseconds, where, and what may be the cause."""

    ms: int
    where: str
    cause: str


def waits(recorded: Recorded) -> list[Wait]:
    """The notable waits, in order. Runs are timed by workers, all else by the broker."""
    said = recorded.execution
    runs = [run for run in said.runs if run.queued_at]
    found: list[Wait] = []
    before, gave = said.requested_at, "entry"
    for run in runs:
        found.append(_written(run.queued_at - before, gave))
        found.append(_queued(run))
        before, gave = _end(run), run.action
    last = said.decided_at - before
    found.append(_written(last, gave) if runs else _unseen(last, said.failed_by))
    found.append(_behind(recorded.written_at - said.decided_at))
    return [wait for wait in found if wait.ms * timedelta(milliseconds=1) >= NOTABLE]


def _end(run: Run) -> int:
    return run.started_at + round(run.duration_ms)


def _written(ms: int, gave: str) -> Wait:
    if gave == "entry":
        where = "before entry had planned it and the broker had the plan"
        return Wait(ms, where, "the stage entry was behind or starting, or the broker was away")
    where = f"after {gave} had run, until the broker had what it gave"
    return Wait(ms, where, "the broker was away or slow to acknowledge, or the worker stood still")


def _queued(run: Run) -> Wait:
    where = f"in the topic of {run.action}, before it ran"
    cause = f"the stage of {run.action} was behind, starting or restarted"
    return Wait(run.started_at - run.queued_at, where, cause)


def _unseen(ms: int, action: str | None) -> Wait:
    before = f"the stage of {action}" if action else "a stage"
    where = "before any action had run"
    return Wait(ms, where, f"{before} was behind, stopped or restarted, or the broker was away")


def _behind(ms: int) -> Wait:
    return Wait(ms, "in the topic of assemble", "the stage assemble was behind or restarted")
