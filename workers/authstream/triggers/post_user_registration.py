"""post-user-registration: after a user was created (Auth0's trigger, v2)."""

from __future__ import annotations

from authstream.contracts.event_members import (
    Connection,
    CustomDomain,
    Event,
    OAuthRequest,
    Request,
    RequestAuthentication,
    SecurityContext,
    Tenant,
    User,
)
from authstream.engine.parts.effects import Effects
from authstream.engine.trigger import Trigger, event_user


class PostUserRegistrationEvent(Event):
    """The event of a user who was created."""

    connection: Connection
    tenant: Tenant
    user: User
    authentication: RequestAuthentication | None = None
    custom_domain: CustomDomain | None = None
    request: Request | None = None
    security_context: SecurityContext | None = None
    transaction: OAuthRequest | None = None


PLUGIN = Trigger(
    name="post-user-registration",
    handler="onExecutePostUserRegistration",
    event=PostUserRegistrationEvent,
    parts=(Effects,),
    subject=event_user,
    blocking=False,
    on_failure="ignored",
)
