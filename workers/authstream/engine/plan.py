"""From a flow and an event to a routing slip: which actions run, which versions, in which order."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Any, Literal, Protocol

from authstream.contracts.envelope import Envelope, OnError, Slip, Step
from authstream.engine.conditions import holds

#: A step may take this long unless its flow says otherwise (half of Auth0's 20 s for a whole flow).
STEP_TIMEOUT = timedelta(seconds=10)


#: Parts that keys are spread over: a canary's share is exact to a hundredth of a percent.
_PARTS = 10_000
#: Steps that are kept: a flow has up to 20 actions.
_STEPS = 2048


@dataclass(frozen=True, slots=True)
class CanaryShare:
    """A version that a share of the keys gets instead of the pinned one; from 0 to 1."""

    version: int
    share: float

    def takes(self, action: str, key: str) -> bool:
        """Whether a key is in the share; the same key always is, or never."""
        text = f"{action}@{self.version}/{key}".encode()
        return zlib.crc32(text) % _PARTS < self.share * _PARTS


@dataclass(frozen=True, slots=True)
class BreakGlass:
    """An emergency that answers every login of a flow, until a time (milliseconds)."""

    mode: Literal["allow-all", "deny-all"]
    until: int
    reason: str


@dataclass(frozen=True, slots=True)
class Binding:
    """An action bound into a flow, its version pinned."""

    action: str
    version: int
    topic: str
    when: str | None = None
    timeout: timedelta = STEP_TIMEOUT
    on_error: OnError = "fail"
    #: False: planned as skipped.
    enabled: bool = True
    canary: CanaryShare | None = None


@dataclass(frozen=True, slots=True)
class Flow:
    """The ordered actions of one tenant for one trigger."""

    tenant: str
    trigger: str
    bindings: tuple[Binding, ...]
    #: Offset of the control log this flow was read at.
    control_offset: int = 0
    break_glass: BreakGlass | None = None


class Flows(Protocol):
    """Where flows are looked up."""

    def choose(self, tenant: str, trigger: str) -> Flow | None:
        """The flow of a tenant for a trigger, or None when nothing is bound."""


def plan(flow: Flow | None, event: Mapping[str, Any], *, key: str = "") -> Slip:
    """The slip of a new flow, at its first step that is to run.

    `key` decides which logins a canary gets.
    Raises ConditionError when a condition cannot be evaluated.
    """
    if flow is None:
        return Slip()
    steps = tuple([_step(binding, event, key) for binding in flow.bindings])
    return Slip(steps=steps, position=position_from(steps, 0), control_offset=flow.control_offset)


def in_force(flow: Flow | None, *, now: int) -> BreakGlass | None:
    """The emergency that is in force at a time, if any."""
    glass = flow.break_glass if flow else None
    return glass if glass is not None and now < glass.until else None


def _step(binding: Binding, event: Mapping[str, Any], key: str) -> Step:
    canary = binding.canary
    taken = canary is not None and canary.takes(binding.action, key)
    return _pinned(
        binding,
        canary.version if canary is not None and taken else binding.version,
        skipped=not (binding.enabled and holds(binding.when, event)),
    )


@lru_cache(_STEPS)
def _pinned(binding: Binding, version: int, *, skipped: bool) -> Step:
    """One of the few steps that a binding can become, made once."""
    return Step(
        action=binding.action,
        version=version,
        topic=binding.topic,
        timeout_ms=int(binding.timeout / timedelta(milliseconds=1)),
        on_error=binding.on_error,
        skipped=skipped,
    )


def current(envelope: Envelope) -> Step | None:
    """The step an envelope waits for, or None when all are done."""
    slip = envelope.slip
    return slip.steps[slip.position] if slip.position < len(slip.steps) else None


def position_from(steps: Sequence[Step], start: int) -> int:
    """The position of the first step at or after `start` that is to run."""
    for position in range(start, len(steps)):
        if not steps[position].skipped:
            return position
    return len(steps)


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
