"""A flow as it is being edited: steps, and what differs from the flow in effect, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from authstream.console.wording import milliseconds

STEP_TIMEOUT_MS = 10_000
ChangeKind = Literal["added", "removed", "moved", "changed"]


@dataclass(frozen=True, slots=True)
class Step:
    """One action in a flow."""

    action: str
    #: 0: the deployed one.
    version: int = 0
    when: str | None = None
    timeout_ms: int = STEP_TIMEOUT_MS
    on_error: str = "fail"
    enabled: bool = True
    #: Version and share, as the admin API has it.
    canary: Mapping[str, Any] | None = None

    @classmethod
    def of(cls, binding: Mapping[str, Any]) -> Step:
        """A step from a binding of the admin API."""
        return cls(**{name: binding[name] for name in cls.__slots__ if name in binding})

    def binding(self) -> dict[str, Any]:
        """The binding for the admin API."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Change:
    """One difference, as a sentence."""

    kind: ChangeKind
    text: str


@dataclass(slots=True)
class FlowDraft:
    """What somebody makes of a flow."""

    #: As it is in effect.
    saved: tuple[Step, ...] = ()
    #: The revision that `saved` is.
    revision: int = 0
    steps: list[Step] = field(default_factory=list[Step])

    @classmethod
    def of(cls, bindings: Sequence[Mapping[str, Any]], revision: int) -> FlowDraft:
        """A draft that changes nothing yet."""
        saved = tuple(map(Step.of, bindings))
        return cls(saved, revision, list(saved))

    @property
    def dirty(self) -> bool:
        """There is something to apply."""
        return tuple(self.steps) != self.saved

    @property
    def actions(self) -> set[str]:
        """The actions in it."""
        return {step.action for step in self.steps}

    def add(self, action: str, at: int | None = None) -> None:
        """Put an action in, at a position or at the end; one that is there is moved instead."""
        known = [index for index, step in enumerate(self.steps) if step.action == action]
        step = self.steps.pop(known[0]) if known else Step(action)
        self.steps.insert(len(self.steps) if at is None else at, step)

    def move(self, old: int, new: int) -> bool:
        """Move a step to another position; False where there is no such position."""
        if not (0 <= old < len(self.steps) and 0 <= new < len(self.steps)) or old == new:
            return False
        self.steps.insert(new, self.steps.pop(old))
        return True

    def remove(self, index: int) -> Step:
        """Take a step out."""
        return self.steps.pop(index)

    def change(self, index: int, **members: Any) -> None:  # noqa: ANN401 - members of a step
        """Change what is said of a step."""
        self.steps[index] = replace(self.steps[index], **members)

    def discard(self) -> None:
        """Back to the flow in effect."""
        self.steps = list(self.saved)

    def rebase(self, bindings: Sequence[Mapping[str, Any]], revision: int) -> None:
        """Keep what was made of it, against what somebody else has put into effect meanwhile."""
        self.saved, self.revision = tuple(map(Step.of, bindings)), revision

    def changes(self) -> list[Change]:
        """What applying would change."""
        return changes(self.saved, self.steps)


def changes(before: Sequence[Step], after: Sequence[Step]) -> list[Change]:
    """What differs between two flows, least words first: gone, new, moved, changed."""
    old = {step.action: (index, step) for index, step in enumerate(before)}
    new = {step.action: (index, step) for index, step in enumerate(after)}
    gone = [Change("removed", f"{name} is taken out") for name in old if name not in new]
    come = [
        Change("added", f"{name} is added at position {index + 1}")
        for name, (index, _) in new.items()
        if name not in old
    ]
    kept = [step.action for step in before if step.action in new]
    stay = _in_order([old[step.action][0] for step in after if step.action in old])
    moved = [
        Change("moved", f"{name} moves from position {old[name][0] + 1} to {new[name][0] + 1}")
        for name in kept
        if old[name][0] not in stay
    ]
    changed = [
        Change("changed", f"{name}: {text}")
        for name in kept
        for text in _differences(old[name][1], new[name][1])
    ]
    return [*gone, *come, *moved, *changed]


def _in_order(positions: Sequence[int]) -> set[int]:
    """The longest increasing part: what need not be said to have moved."""
    best: list[list[int]] = []
    for position in positions:
        before = [run for run in best if run[-1] < position]
        best.append([*_longest(before), position])
    return set(_longest(best))


def _longest(runs: Sequence[list[int]]) -> list[int]:
    best: list[int] = []
    for run in runs:
        best = run if len(run) > len(best) else best
    return best


def _differences(old: Step, new: Step) -> Iterator[str]:
    if old.enabled != new.enabled:
        yield "switched on" if new.enabled else "switched off"
    if old.when != new.when:
        yield f"runs when {new.when}" if new.when else "runs always"
    if old.timeout_ms != new.timeout_ms:
        yield f"time-out {milliseconds(old.timeout_ms)} → {milliseconds(new.timeout_ms)}"
    if old.on_error != new.on_error:
        yield "an error ends the login" if new.on_error == "fail" else "an error is passed over"
    if old.version != new.version:
        yield f"version {old.version or 'deployed'} → {new.version or 'deployed'}"
    if old.canary != new.canary:
        yield _canary(new.canary)


def _canary(canary: Mapping[str, Any] | None) -> str:
    if canary is None:
        return "no canary"
    return f"version {canary['version']} for {canary['share']:.0%} of the logins"
