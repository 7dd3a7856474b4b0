"""The objects of the control log: what the JSON in a control record says, by kind."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from datetime import timedelta
from operator import itemgetter
from typing import Any, Literal, TypeVar

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from authstream.contracts.control import ObjectKey
from authstream.contracts.envelope import OnError
from authstream.contracts.model import EpochMillis
from authstream.engine.guest_limits import DEFAULT, GuestLimits
from authstream.engine.plan import STEP_TIMEOUT
from authstream.engine.program import Isolation
from authstream.errors import ControlLogError

ACTION, VERSION, FLOW, VARIABLE = "action", "version", "flow", "variable"
LOOKUP = "lookup"
SECRET, TOKEN, BREAK_GLASS = "secret", "token", "break-glass"
MILLISECOND = timedelta(milliseconds=1)
Role = Literal["viewer", "author", "operator"]
B = TypeVar("B", bound="Body")


class Body(BaseModel):
    """Base of all objects. Unknown members are left alone: a newer writer may know more."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    def to_json(self) -> bytes:
        """As it is in the log."""
        return orjson.dumps(self.model_dump(mode="json"), option=orjson.OPT_SORT_KEYS)


class BlobRef(Body):
    """A content in the blobs' topic, by its digest; `offsets` is where its chunks were written."""

    sha256: str
    size: int
    offsets: tuple[int, ...]


class SpecLimits(Body):
    """What each guest may use, as `engine/guest_limits.py` says it."""

    memory: int
    threads: int
    descriptors: int
    temporary: int
    output: int
    log: int

    @classmethod
    def of(cls, limits: GuestLimits) -> SpecLimits:
        """As it is in the log."""
        return cls(**asdict(limits))

    @property
    def of_guest(self) -> GuestLimits:
        """As a guest takes it."""
        return GuestLimits(**self.model_dump())


class ModuleSpec(Body):
    """A module that an action loads, fixed with the action's version."""

    name: str
    #: `module.js` or `module.ts`.
    code_file: str
    code: BlobRef
    lock: BlobRef | None = None
    dependencies: dict[str, str] = {}
    #: Names; the values are secrets of `actions:<name>`.
    secrets: tuple[str, ...] = ()


class Spec(Body):
    """What an action is: everything that a version fixes for good."""

    trigger: str
    #: As its author says it, e.g. `node20`.
    runtime: str
    #: `action.py`, `action.js` or `action.ts`.
    code_file: str
    code: BlobRef
    lock: BlobRef | None = None
    dependencies: dict[str, str] = {}
    #: Names; the values are objects of their own, so that they change without a version.
    secrets: tuple[str, ...] = ()
    egress: tuple[str, ...] = ()
    configuration: dict[str, Any] = {}
    limits: SpecLimits = Field(default_factory=lambda: SpecLimits.of(DEFAULT))
    guests: int = 1
    isolation: Isolation = "action"
    modules: tuple[ModuleSpec, ...] = ()

    @property
    def digest(self) -> str:
        """SHA-256 of all that a version fixes, wherever its blobs are."""
        members: dict[str, Any] = self.model_dump(mode="json")
        for part in (members, *members["modules"]):
            for name in ("code", "lock"):
                part[name] = part[name] and part[name]["sha256"]
        for name in ("secrets", "egress"):
            members[name] = sorted(members[name])
        members["modules"] = sorted(members["modules"], key=itemgetter("name"))
        return hashlib.sha256(orjson.dumps(members, option=orjson.OPT_SORT_KEYS)).hexdigest()


class ActionObject(Body):
    """An action: its draft, and which version is deployed."""

    draft: Spec
    #: None until the first deploy.
    deployed: int | None = None


class VersionObject(Body):
    """An immutable version of an action. Its name is `<action>@<number>`, its revision 1."""

    spec: Spec
    digest: str
    created_at: EpochMillis
    created_by: str
    note: str = ""


class Canary(Body):
    """A version that a share of the logins gets instead, chosen by the hash of the flow's key."""

    version: int
    #: From 0 to 1.
    share: float = Field(gt=0, le=1)
    #: Share of failing runs above which it is taken back.
    max_errors: float = Field(default=0.05, ge=0, le=1)
    #: Runs before that is judged.
    min_runs: int = Field(default=20, ge=1)


class BoundAction(Body):
    """An action in a flow, with its exact version."""

    action: str
    version: int
    when: str | None = None
    timeout_ms: int = STEP_TIMEOUT // MILLISECOND
    on_error: OnError = "fail"
    enabled: bool = True
    canary: Canary | None = None


class FlowObject(Body):
    """The ordered actions of a tenant for a trigger; the object's name is the trigger's."""

    #: The tenant whose actions these are: the flow's own, or the default one's.
    owner: str
    bindings: tuple[BoundAction, ...] = ()


class VariableObject(Body):
    """A plain value that every action of the tenant finds in its configuration."""

    value: Any = None


class LookupObject(Body):
    """Groups or roles of a tenant's users; the object's name is the file's, `groups.yaml`."""

    content: BlobRef


class SecretObject(Body):
    """A sealed value of an action; the object's name is `<action>/<name>`."""

    key_id: str
    #: Base64.
    nonce: str
    sealed: str
    #: A keyed hash of the value: equal values can be told without opening them.
    fingerprint: str


class TokenObject(Body):
    """A bearer token of the admin API: never itself, only its SHA-256."""

    sha256: str
    role: Role
    #: None: until it is revoked.
    expires_at: EpochMillis | None = None


class BreakGlassObject(Body):
    """An emergency: every login of a tenant's trigger is allowed, or denied, until a time."""

    mode: Literal["allow-all", "deny-all"]
    until: EpochMillis
    reason: str


KINDS: dict[str, type[Body]] = {
    ACTION: ActionObject,
    VERSION: VersionObject,
    FLOW: FlowObject,
    VARIABLE: VariableObject,
    LOOKUP: LookupObject,
    SECRET: SecretObject,
    TOKEN: TokenObject,
    BREAK_GLASS: BreakGlassObject,
}


def parsed(model: type[B], key: ObjectKey, body: bytes) -> B:
    """An object from its JSON. Raises ControlLogError for one that this version cannot read."""
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise ControlLogError(
            f"{key} in the control log is not readable ({error.error_count()} problems):"
            " was it written by a newer version? Upgrade this process"
        ) from None


def version_name(action: str, number: int) -> str:
    """The object name of a version."""
    return f"{action}@{number}"


def version_of(name: str) -> tuple[str, int]:
    """Action and number of a version's object name."""
    action, _, number = name.rpartition("@")
    return action, int(number)
