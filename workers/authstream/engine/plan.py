"""From a flow and an event to a routing slip: which actions run, which versions, in which order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from authstream.contracts.envelope import Envelope, OnError, Slip, Step
from authstream.engine.conditions import holds

#: A step may take this long unless its flow says otherwise (half of Auth0's 20 s for a whole flow).
STEP_TIMEOUT = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Binding:
    """An action bound into a flow, its version pinned."""

    action: str
    version: int
    topic: str
    when: str | None = None
    timeout: timedelta = STEP_TIMEOUT
    on_error: OnError = "fail"


@dataclass(frozen=True, slots=True)
class Flow:
    """The ordered actions of one tenant for one trigger."""

    tenant: str
    trigger: str
    bindings: tuple[Binding, ...]
    #: Offset of the control log this flow was read at.
    control_offset: int = 0


class Flows(Protocol):
    """Where flows are looked up."""

    def choose(self, tenant: str, trigger: str) -> Flow | None:
        """The flow of a tenant for a trigger, or None when nothing is bound."""


def plan(flow: Flow | None, event: Mapping[str, Any]) -> Slip:
    """The slip of a new flow. Raises ConditionError when a condition cannot be evaluated."""
    if flow is None:
        return Slip()
    return Slip(
        steps=tuple(_step(binding, event) for binding in flow.bindings),
        control_offset=flow.control_offset,
    )


def _step(binding: Binding, event: Mapping[str, Any]) -> Step:
    return Step(
        action=binding.action,
        version=binding.version,
        topic=binding.topic,
        timeout_ms=int(binding.timeout / timedelta(milliseconds=1)),
        on_error=binding.on_error,
        skipped=not holds(binding.when, event),
    )


def current(envelope: Envelope) -> Step | None:
    """The step an envelope waits for, or None when all are done."""
    slip = envelope.slip
    return slip.steps[slip.position] if slip.position < len(slip.steps) else None


def position_from(slip: Slip, start: int) -> int:
    """The position of the first step at or after `start` that is to run."""
    return next(
        (index for index in range(start, len(slip.steps)) if not slip.steps[index].skipped),
        len(slip.steps),
    )


def unfinished(envelope: Envelope, *, until: int | None = None) -> list[Step]:
    """Planned steps that neither ran nor were skipped: such a flow must not be allowed.

    `until` a position in the slip; None: all of them.
    """
    # A suspended run is half of one: the step is done when the action went on.
    ran = [(run.action, run.version) for run in envelope.runs if run.status != "suspended"]
    missing: list[Step] = []
    for step in envelope.slip.steps[:until]:
        if step.skipped:
            continue
        if (step.action, step.version) in ran:
            ran.remove((step.action, step.version))
        else:
            missing.append(step)
    return missing
