"""What the table says about one method of `api`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from authstream.contracts.parameter import Parameter

#: `command`: recorded, part of the verdict; `query`: the host answers; `local`: the guest does.
Kind = Literal["command", "query", "local"]
#: What a command does to a place in the event, with its arguments:
#: `set`: `(key, value)` is a member of the object there, null removes it; `unset`: `(key)` is
#: removed; `clear`: the object there is emptied; `put`: `(value)` is what is there;
#: `include`, `exclude`: `(item)` is in the array there, or is not; `empty`: the array has no items;
#: `record`: the array there has one object of this `name`, with the `timestamp` that follows.
Change = Literal["set", "unset", "clear", "put", "include", "exclude", "empty", "record"]


@dataclass(frozen=True, slots=True)
class Effect:
    """What a command changes in the visible event."""

    #: From the event down, e.g. `user.app_metadata`.
    path: str
    change: Change = "set"
    #: Visible to the same action at once; otherwise to later actions only.
    at_once: bool = False
    #: JSON bytes of the whole object at `path`; checked where the object is, in the guest.
    max_total_bytes: int | None = None
    #: Members of the object, or items of the array, at `path`.
    max_entries: int | None = None
    #: Auth0's words when there would be more.
    full: str | None = None
    #: The event does not get the first object of the path if it has none; what is set there counts
    #: for the limits all the same.
    existing: bool = False
    #: Where an array begins that the event has not: the first of these that has items.
    starts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Quota:
    """How often methods of one group may be called in a transaction, over all its actions."""

    group: str
    at_most: int
    #: Auth0's words for one call more.
    message: str


@dataclass(frozen=True, slots=True)
class Guard:
    """Something that the event must be for a call to be legal."""

    path: str
    #: `present`: it is there; `object`: it is one, if it is there; `not`: it is not `value`.
    must: Literal["present", "object", "not"]
    message: str
    value: str | None = None


@dataclass(frozen=True, slots=True)
class Conflict:
    """A method after which this one ends the action as failed, even if the action catches that."""

    path: str
    message: str


@dataclass(frozen=True, slots=True)
class Total:
    """JSON bytes of all that an action passed to methods of one group: name to latest value."""

    group: str
    max_bytes: int
    message: str


@dataclass(frozen=True, slots=True)
class Method:
    """One method of `api`; the same path may be declared again for other triggers."""

    path: str
    parameters: tuple[Parameter, ...]
    triggers: frozenset[str]
    kind: Kind = "command"
    #: Returns `api`, so that calls can be chained.
    chains: bool = True
    #: False: it looks at its arguments by itself, as it never throws.
    checked: bool = True
    effect: Effect | None = None
    #: Also takes one object: each of its members is set, as a command of its own.
    object_form: bool = False
    quota: Quota | None = None
    guards: tuple[Guard, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    total: Total | None = None
    #: The only handlers it may be called in; empty: any.
    handlers: tuple[str, ...] = ()
    #: What it does, one line for authors.
    about: str = ""
    #: What is not as Auth0 has it; empty: nothing known.
    differs: str = ""
