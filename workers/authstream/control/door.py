"""What every operation works with, whichever door it came through: CLI, admin API or folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol, TypeVar

from authstream.contracts.control import ObjectKey
from authstream.contracts.slug import DEFAULT_TENANT
from authstream.contracts.topics import Topics
from authstream.control.folder import DeployedAction
from authstream.control.objects import Body
from authstream.control.seal import Keyring
from authstream.control.store import Change, Store
from authstream.control.view import Stored, View
from authstream.engine.guest_limits import MOST, GuestLimits
from authstream.engine.trigger import Trigger
from authstream.errors import ConfigurationError, ConflictError
from authstream.settings import QuotaSettings

B = TypeVar("B", bound=Body)
#: A change that builds on whatever there is (a deploy's bump, a kill switch) is tried so often.
TRIES = 10
_FORBIDDEN = frozenset("/@\\")


class Builder(Protocol):
    """Proves that an action can run before anybody depends on it."""

    def build(self, action: DeployedAction, say: Callable[[str], None]) -> None:
        """Check syntax and handler, install packages; `say` is given the log.

        Raises ConfigurationError.
        """
        ...


class Unchecked:
    """Builds nothing: for tests, and for tools that only move records."""

    def build(self, action: DeployedAction, say: Callable[[str], None]) -> None:
        """Believe that it runs."""


def _no_topics(_topics: Sequence[str]) -> None:
    """For a broker that makes topics itself."""


@dataclass(frozen=True, slots=True)
class Door:
    """One person's or program's way in."""

    store: Store
    #: Who, for the audit trail.
    actor: str
    triggers: Mapping[str, Trigger]
    topics: Topics = field(default_factory=Topics)
    keyring: Keyring = field(default_factory=lambda: Keyring({}))
    quotas: QuotaSettings = field(default_factory=QuotaSettings)
    #: What an action may ask for.
    most: GuestLimits = MOST
    builder: Builder = field(default_factory=Unchecked)
    #: Creates the topics of new actions; called before anything refers to them.
    make_topics: Callable[[Sequence[str]], None] = _no_topics
    say: Callable[[str], None] = lambda _text: None

    @property
    def view(self) -> View:
        """What there is now."""
        return self.store.view

    def as_actor(self, actor: str) -> Door:
        """The same for somebody else."""
        return replace(self, actor=actor)

    def telling(self, say: Callable[[str], None]) -> Door:
        """The same, with its progress told elsewhere."""
        return replace(self, say=say)

    def write(self, key: ObjectKey, body: Body | None, *, after: int, operation: str) -> Stored:
        """Make a change. Raises ConflictError, ProduceError, TooLargeError."""
        return self.store.write(Change(key, body, after, operation), actor=self.actor)

    def update(
        self,
        key: ObjectKey,
        model: type[B],
        changed: Callable[[B], B],
        *,
        operation: str,
        after: int | None = None,
    ) -> B:
        """Change an object that is there; what it became.

        `after` names the revision that the caller saw; None takes whatever there is, and tries
        again when somebody else was first. Raises ConflictError, NotFoundError.
        """
        for left in reversed(range(TRIES)):
            stored = self.view.get(key)
            before = stored.read(model)
            body = changed(before)
            if body == before:
                return before
            revision = stored.record.revision if after is None else after
            try:
                self.write(key, body, after=revision, operation=operation)
            except ConflictError:
                if after is not None or not left:
                    raise
            else:
                return body
        raise AssertionError  # pragma: no cover - the loop returns or raises


def checked_name(name: str, what: str = "action") -> str:
    """A name that can be part of keys and paths. Raises ConfigurationError."""
    if not name.strip() or name.startswith(".") or not name.isprintable() or _FORBIDDEN & {*name}:
        raise ConfigurationError(
            f"{name!r} cannot be the name of an {what}: use printable characters without"
            " / \\ @, not beginning with a dot"
        )
    return name


def checked_tenant(name: str) -> str:
    """A tenant's name. Raises ConfigurationError."""
    return name if name == DEFAULT_TENANT else checked_name(name, "tenant")
