"""password-reset-post-challenge: after the first challenge of a password reset (Auth0's, v1)."""

from __future__ import annotations

from pydantic import Field

from authstream.contracts.event_members import (
    AuthenticationMethod,
    Authorization,
    BrowserRequest,
    Client,
    Connection,
    Correlation,
    CustomDomain,
    EnrolledUser,
    Event,
    Organization,
    Prompt,
    RequestAuthentication,
    Stats,
    Tenant,
)
from authstream.engine.limits import POST_CHALLENGE_ACTIONS
from authstream.engine.parts.access import Access
from authstream.engine.parts.effects import Effects
from authstream.engine.parts.password_reset import ResultUrl
from authstream.engine.parts.suspension import Suspension
from authstream.engine.trigger import Trigger, event_user


class Authentication(RequestAuthentication):
    """How the user proved that the account is theirs."""

    methods: list[AuthenticationMethod] = Field(default_factory=list[AuthenticationMethod])


class Transaction(Correlation):
    """The transaction of the reset."""

    locale: str | None = None
    login_hint: str | None = None
    state: str | None = None
    ui_locales: list[str] | None = None


class PasswordResetEvent(Event):
    """The event of a password that is about to be reset."""

    client: Client
    connection: Connection
    request: BrowserRequest
    tenant: Tenant
    user: EnrolledUser
    authentication: Authentication = Authentication()
    authorization: Authorization = Authorization()
    custom_domain: CustomDomain | None = None
    organization: Organization | None = None
    prompt: Prompt | None = None
    stats: Stats = Stats()
    transaction: Transaction = Transaction()


PLUGIN = Trigger(
    name="password-reset-post-challenge",
    handler="onExecutePostChallenge",
    continues="onContinuePostChallenge",
    event=PasswordResetEvent,
    parts=(Access, ResultUrl, Suspension, Effects),
    subject=event_user,
    most_actions=POST_CHALLENGE_ACTIONS,
    sensitive=("request.body.password", "request.body.code", "request.query.code"),
    differs="The limit of four actions is one of the flow; Auth0 counts them in the tenant.",
)
