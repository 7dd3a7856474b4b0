"""post-change-password: after a user's password was changed (Auth0's trigger, v2)."""

from __future__ import annotations

from authstream.contracts.event_members import (
    Connection,
    Correlation,
    CustomDomain,
    Event,
    Member,
    Request,
    RequestAuthentication,
    Tenant,
)
from authstream.engine.parts.effects import Effects
from authstream.engine.trigger import Trigger, event_user


class PasswordUser(Member):
    """The user who has a new password."""

    user_id: str | None = None
    email: str | None = None
    email_verified: bool | None = None
    last_password_reset: str | None = None
    phone_number: str | None = None
    phone_verified: bool | None = None
    username: str | None = None


class PostChangePasswordEvent(Event):
    """The event of a password that was changed."""

    connection: Connection
    request: Request
    tenant: Tenant
    user: PasswordUser
    authentication: RequestAuthentication | None = None
    custom_domain: CustomDomain | None = None
    transaction: Correlation | None = None


PLUGIN = Trigger(
    name="post-change-password",
    handler="onExecutePostChangePassword",
    event=PostChangePasswordEvent,
    parts=(Effects,),
    subject=event_user,
    blocking=False,
    on_failure="ignored",
)
