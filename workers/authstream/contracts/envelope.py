"""The envelope: the whole state of a flow under way, which travels from stage to stage."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from authstream.contracts.model import EpochMillis, Record

OnError = Literal["fail", "skip"]
RunStatus = Literal["ok", "denied", "suspended", "error", "timeout", "crashed", "unavailable"]


class Command(Record):
    """One call on `api` that an action made: recorded, not executed."""

    action: str
    #: Auth0's spelling whatever the language, e.g. `idToken.setCustomClaim`.
    name: str
    #: A JSON array.
    arguments: bytes
    #: The leg it was made in.
    leg: int = 0


class ConsoleLine(Record):
    """One line an action logged."""

    level: str
    text: str


class Thrown(Record):
    """What ended an action, in the parts that Auth0 records of one."""

    #: Its class, e.g. `AxiosError`; `Error` of what is no error.
    name: str
    message: str
    #: The lines of the action's own files that it came through, innermost in JavaScript first.
    stack: str = ""

    @property
    def text(self) -> str:
        """Name and message in one line or more, without the stack."""
        return f"{self.name}: {self.message}".rstrip(": ")


class Run(Record):
    """The record of one execution of an action."""

    action: str
    version: int
    started_at: EpochMillis
    duration_ms: float
    status: RunStatus
    #: All of it in one text; `thrown` has the parts.
    error: str | None = None
    console: tuple[ConsoleLine, ...] = ()
    #: The leg it was part of.
    leg: int = 0
    #: What the action threw; null of one that ended otherwise, e.g. by its time limit.
    thrown: Thrown | None = None
    #: The tenant whose action it is: with the name, its identity. Null in records before 0.2.
    owner: str | None = None


class Step(Record):
    """One planned action of a flow, pinned when the login came in."""

    action: str
    version: int
    topic: str
    timeout_ms: int
    on_error: OnError = "fail"
    #: The step's condition was false when the flow was planned.
    skipped: bool = False


class Slip(Record):
    """The routing slip: the steps of this flow and where in them the envelope is."""

    steps: tuple[Step, ...] = ()
    position: int = 0
    #: Offset of the control log at which the plan was made.
    control_offset: int = 0
    #: HMAC-SHA256 of flow, leg and steps; empty when no key is configured.
    signature: bytes = b""


class Origin(Record):
    """Where the event of a flow is, in the topic that it was requested in."""

    partition: int
    offset: int
    #: How often it was published again before.
    attempt: int = 0


class Failure(Record):
    """Why a flow cannot be decided by its commands."""

    code: str
    reason: str
    action: str | None = None


class Envelope(Record):
    """A flow under way. `event` is the published JSON, passed on unparsed."""

    flow_id: str
    leg: int = 0
    tenant: str
    trigger: str
    #: What must stay in order, e.g. tenant and user; the Kafka key on every internal topic.
    key: str
    #: The user the flow is about, where the trigger has one.
    subject: str | None = None
    #: Broker time of the `requested` record.
    requested_at: EpochMillis
    deadline_at: EpochMillis
    event: bytes = b""
    #: Always null: the event of a resumed leg has its new request in it.
    request: bytes | None = None
    slip: Slip = Field(default_factory=Slip)
    commands: tuple[Command, ...] = ()
    runs: tuple[Run, ...] = ()
    failure: Failure | None = None
    #: The provider can send the browser away and resume the flow.
    interactive: bool = True
    #: Set when this leg ends suspended: what resumes the flow.
    state: str | None = None
    #: Set where the event may have to be published again.
    origin: Origin | None = None
