"""The port to whoever knows the groups and roles of a user, and the event as the first of them."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias, cast

Kind = Literal["groups", "roles"]
#: A group or role: `id` and `name`, and what else its source knows.
Entry: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose groups or roles are asked for."""

    user_id: str
    organization: str | None = None


class Lookup(Protocol):
    """A source of groups and roles."""

    def find(self, kind: Kind, subject: Subject) -> Awaitable[Sequence[Entry] | None]:
        """All that the user has; None when this source does not know such things at all."""
        ...


@dataclass(frozen=True, slots=True)
class EventLookup:
    """What the provider published with the event: `lookups.groups`, `lookups.roles`."""

    event: Mapping[str, Any]

    async def find(self, kind: Kind, subject: Subject) -> Sequence[Entry] | None:  # noqa: ARG002 - the event has one user
        """The entries of the event."""
        lookups = self.event.get("lookups")
        found = cast("dict[str, object]", lookups).get(kind) if isinstance(lookups, dict) else None
        if not isinstance(found, list):
            return None
        return [entry for entry in cast("list[Entry]", found) if is_entry(entry)]


def is_entry(value: object) -> bool:
    """Whether a value is a group or role: an object with a text as `id` and as `name`."""
    if not isinstance(value, Mapping):
        return False
    entry = cast("Entry", value)
    return isinstance(entry.get("id"), str) and isinstance(entry.get("name"), str)
