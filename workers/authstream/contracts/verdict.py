"""The verdict: the fold of all commands of one leg, the only answer a provider gets."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from authstream.contracts.model import EpochMillis, JsonObject, Record

Outcome = Literal["allowed", "denied", "suspended", "failed"]
SendOn = Literal["allowed", "denied", "always", "suspended"]


class Claims(Record):
    """Custom claims for each token."""

    id_token: JsonObject = Field(default_factory=dict)
    access_token: JsonObject = Field(default_factory=dict)


class Metadata(Record):
    """Merge patches by top-level key; `null` removes a key (RFC 7396 at the first level)."""

    app_metadata: JsonObject = Field(default_factory=dict)
    user_metadata: JsonObject = Field(default_factory=dict)


class EffectOrder(Record):
    """A side effect that the verdict orders; sent downstream only if the outcome matches `on`."""

    #: Stable over every repetition: UUIDv5 of flow, leg and index.
    id: str
    kind: str
    action: str
    payload: JsonObject
    on: SendOn = "allowed"
    key: str | None = None
    #: How long after the verdict it is to be delivered, milliseconds.
    delay_ms: int = 0


class Dropped(Record):
    """A command that did not take effect, and why."""

    action: str
    command: str
    #: The claim, key or other target of the command.
    target: str
    reason: str


class Retry(Record):
    """When the event is published again, by `effect.redelivery`, as a flow of its own."""

    #: One wait for each try that is left, counted from the failure before; none: it is given up.
    waits_ms: tuple[int, ...] = ()
    #: How often it was published again before.
    attempt: int = 0
    #: Where it is in the topic that it was requested in; null: not known, nobody publishes it.
    partition: int | None = None
    offset: int | None = None


class TargetScopes(Record):
    """The scopes of a machine, yet to be intersected with its grant."""

    scopes: tuple[str, ...] = ()


class StepResult(Record):
    """What became of one planned step."""

    action: str
    version: int
    status: str
    ms: float


class Verdict(Record):
    """The one answer of a leg."""

    flow_id: str
    leg: int
    tenant: str
    trigger: str
    subject: str | None = None
    outcome: Outcome
    #: Machine-readable: `access_denied`, `timeout`, `invalid_event`, `action_error`, …
    code: str | None = None
    reason: str | None = None
    #: The only text meant for the user's eyes.
    user_message: str | None = None
    denied_by: str | None = None
    claims: Claims = Field(default_factory=Claims)
    scopes_added: tuple[str, ...] = ()
    scopes_removed: tuple[str, ...] = ()
    metadata: Metadata = Field(default_factory=Metadata)
    session: JsonObject = Field(default_factory=dict)
    refresh_token: JsonObject = Field(default_factory=dict)
    saml: JsonObject = Field(default_factory=dict)
    mfa: JsonObject = Field(default_factory=dict)
    redirect: JsonObject = Field(default_factory=dict)
    #: A form to render: `id`, `fields`, `vars`.
    prompt: JsonObject = Field(default_factory=dict)
    #: Of a suspended leg: what the browser brings back, good for one use within 15 minutes.
    state: str | None = None
    #: For the page the user is at: `code`, `message`.
    validation: JsonObject = Field(default_factory=dict)
    #: The subject after account linking, and methods to record.
    authentication: JsonObject = Field(default_factory=dict)
    #: For whom tokens are exchanged.
    token_exchange: JsonObject = Field(default_factory=dict)
    #: What becomes of a message that was not sent.
    notification: JsonObject = Field(default_factory=dict)
    #: Null: as requested.
    target_scopes: TargetScopes | None = None
    #: Where the browser goes after a password reset.
    result_url: str | None = None
    retry: Retry | None = None
    effects: tuple[EffectOrder, ...] = ()
    dropped: tuple[Dropped, ...] = ()
    steps: tuple[StepResult, ...] = ()
    requested_at: EpochMillis
    decided_at: EpochMillis

    def public(self) -> dict[str, Any]:
        """JSON-ready members, as `authstream test --json` and the gateway print them."""
        return self.model_dump(mode="json")
