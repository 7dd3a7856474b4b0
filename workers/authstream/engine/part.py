"""A part of a verdict in the making: what each command adds to it, in order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, NamedTuple, TypeVar, cast

import orjson

from authstream.contracts.envelope import Command, Envelope, Failure
from authstream.contracts.verdict import Dropped, Outcome

#: Members of a verdict by name.
Members = dict[str, Any]
#: Outcomes of a leg that took its commands into account.
DECIDED: frozenset[Outcome] = frozenset({"allowed", "denied", "suspended"})


class Call(NamedTuple):
    """A command with its arguments read; a named tuple, as one is made for every command."""

    command: Command
    arguments: list[Any]

    @property
    def action(self) -> str:
        """Who called."""
        return self.command.action

    @property
    def name(self) -> str:
        """In Auth0's spelling."""
        return self.command.name

    def options(self, index: int) -> dict[str, Any]:
        """The options object at a place among the arguments; empty where it was left out."""
        found = self.arguments[index] if index < len(self.arguments) else None
        return dict(found or {})


@dataclass(frozen=True, slots=True)
class Denial:
    """An action said no. A value, not an exception."""

    action: str
    code: str
    reason: str | None
    user_message: str | None = None


@dataclass
class Leg:
    """What the parts of one verdict share. Mutable while the fold runs; nothing keeps it after."""

    envelope: Envelope
    denial: Denial | None = None
    #: The action that changed the subject of the login.
    linked_by: str | None = None
    dropped: list[tuple[Call, Dropped]] = field(default_factory=list[tuple[Call, Dropped]])

    @cached_property
    def event(self) -> dict[str, Any]:
        """The event as it was published; parsed only for rules that ask."""
        parsed: dict[str, Any] = orjson.loads(self.envelope.event or b"{}")
        return parsed

    def member(self, *path: str) -> Any:  # noqa: ANN401 - whatever the provider published
        """A member of the event, None where it or one above it is absent."""
        found: Any = self.event
        for name in path:
            within = cast("dict[str, Any]", found if isinstance(found, dict) else {})
            found = within.get(name)
        return found

    def drop(self, call: Call, target: object, reason: str) -> None:
        """List a command that does not take effect."""
        dropped = Dropped(action=call.action, command=call.name, target=str(target), reason=reason)
        self.dropped.append((call, dropped))

    def deny(self, call: Call, denial: Denial) -> bool:
        """Deny the flow; false when it was denied before: the first denial counts."""
        if self.denial is not None:
            self.drop(call, denial.code, f"{self.denial.action} denied the flow before")
            return False
        self.denial = denial
        return True


R = TypeVar("R", bound=Callable[..., None])
#: Takes the part and the call.
Rule = Callable[[Any, Call], None]


@dataclass(frozen=True, slots=True)
class _Marked:
    names: tuple[str, ...]
    denies: bool


def command(*names: str, denies: bool = False) -> Callable[[R], R]:
    """Marks a method of a part as the rule of these commands.

    After an action that made one that `denies`, no other runs.
    """

    def mark(rule: R) -> R:
        rule.__dict__["_command"] = _Marked(names, denies)
        return rule

    return mark


class Part:
    """One part of a verdict. Made for each leg; a trigger names the parts that it allows."""

    #: The members of the verdict that this part gives.
    gives: ClassVar[tuple[str, ...]] = ()
    #: The outcomes whose verdict has them; under others the commands are listed as dropped.
    shown: ClassVar[frozenset[Outcome]] = frozenset({"allowed"})
    #: What it takes at most, for people: what is limited, and to how much.
    limits: ClassVar[Mapping[str, str]] = {}
    #: May have the event published again.
    retries: ClassVar[bool] = False
    #: Has something to say also of a flow that made none of its commands.
    needed: ClassVar[bool] = False
    #: One rule for each command, from the methods marked `@command`.
    rules: ClassVar[Mapping[str, Rule]] = {}
    #: Commands that deny the flow.
    denials: ClassVar[frozenset[str]] = frozenset()

    def __init_subclass__(cls) -> None:
        marked = [
            (mark, rule)
            for kind in reversed(cls.__mro__)
            for rule in vars(kind).values()
            if (mark := getattr(rule, "_command", None)) is not None
        ]
        cls.rules = {name: rule for mark, rule in marked for name in mark.names}
        cls.denials = frozenset(name for mark, _ in marked if mark.denies for name in mark.names)

    def __init__(self, leg: Leg) -> None:
        self.leg = leg

    def settle(self) -> Failure | None:
        """Once all commands are in: what is wrong with them as a whole, if anything."""
        return None

    def members(self) -> Members:
        """Members of the verdict, each one of `gives`."""
        return {}
