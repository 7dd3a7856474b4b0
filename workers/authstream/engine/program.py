"""What a guest runs, what it is asked, and what comes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from authstream.contracts.api import Operation
from authstream.contracts.envelope import Thrown
from authstream.contracts.slug import DEFAULT_TENANT, slug
from authstream.engine.guest_limits import DEFAULT, GuestLimits
from authstream.engine.lookup import Lookup

#: `error`: the action or its commands are wrong; `timeout`: its time was over, or its event loop
#: was stuck; `crashed`: its process ended; `unavailable`: not run, as its process keeps failing.
Status = Literal["ok", "error", "timeout", "crashed", "unavailable"]
#: What executions of an action share: its processes, or nothing.
Isolation = Literal["action", "execution"]
#: Path on the api and arguments: `("idToken.setCustomClaim", ("roles", ["admin"]))`.
RecordedCommand = tuple[str, tuple[object, ...]]
#: Level (debug, info, warning, error) and text.
Line = tuple[str, str]


@dataclass(frozen=True, slots=True)
class SharedModule:
    """Code that actions share, as the guest of one of them loads it: `require("actions:name")`."""

    name: str
    file: Path
    #: What the module's code sees as `actions.secrets`.
    secrets: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    #: The module's own packages.
    dependencies: Path | None = None

    def to_guest(self) -> dict[str, object]:
        """JSON-ready members, as a guest is told of it."""
        return {
            "name": self.name,
            "file": str(self.file.absolute()),
            "dependencies": self.dependencies and str(self.dependencies.absolute()),
            "secrets": dict(self.secrets),
        }


@dataclass(frozen=True, slots=True)
class Program:
    """One version of one action, with all that its guest is given."""

    action: str
    version: int
    file: Path
    trigger: str
    #: The table of `contracts.api.to_guest`, JSON.
    api: bytes = field(repr=False)
    secrets: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    configuration: Mapping[str, object] = field(default_factory=dict[str, object])
    #: A folder put on the guest's module path.
    dependencies: Path | None = None
    #: `host:port` entries it may connect to (`engine/egress.py`); none unless named.
    egress: tuple[str, ...] = ()
    modules: tuple[SharedModule, ...] = ()
    limits: GuestLimits = DEFAULT
    #: Who knows the groups and roles of users, beside the event itself; the first that does.
    lookups: tuple[Lookup, ...] = field(default=(), repr=False)
    tenant: str = DEFAULT_TENANT
    #: Connections that it makes are lines of its console, as those that it may not make are.
    tells_connections: bool = False

    @property
    def label(self) -> str:
        """The action's name in metrics: with its tenant's, so that no two share one."""
        return slug(self.tenant, self.action)

    @property
    def secret_values(self) -> list[str]:
        """What nobody may read of what it prints: its modules' secrets too."""
        owners: tuple[Program | SharedModule, ...] = (self, *self.modules)
        return [value for owner in owners for value in owner.secrets.values()]


@dataclass(frozen=True, slots=True)
class Ready:
    """What a guest says of itself once its action is loaded."""

    handlers: tuple[str, ...]
    runtime: str
    load_ms: float


@dataclass(frozen=True, slots=True)
class Invocation:
    """One event for one handler, e.g. `onExecutePostLogin`."""

    handler: str
    #: A JSON object as it was published; the worker does not parse it.
    event: bytes
    #: What the commands of earlier actions changed in the event.
    operations: Sequence[Operation]
    #: For one attempt: an event that is run again after a crash has it again.
    timeout: timedelta
    #: How often earlier actions called methods that have a quota, by its group.
    calls: Mapping[str, int] = field(default_factory=dict[str, int])
    #: The provider can send the browser away.
    interactive: bool = True


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an invocation; the times are those of the last attempt."""

    status: Status
    commands: tuple[RecordedCommand, ...]
    console: tuple[Line, ...]
    #: Why it is not `ok`, all in one text.
    error: str | None
    started_at: datetime
    duration: timedelta
    #: What the action threw, where that is why.
    thrown: Thrown | None = None
