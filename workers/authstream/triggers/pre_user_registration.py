"""pre-user-registration: before a user who signs up is created (Auth0's trigger, v2)."""

from __future__ import annotations

from authstream.contracts.event_members import (
    Client,
    Connection,
    Correlation,
    CustomDomain,
    Event,
    NewUser,
    OAuthRequest,
    RequestAuthentication,
    RequestWithBody,
    SecurityContext,
    Tenant,
)
from authstream.engine.parts.access import SignupAccess
from authstream.engine.parts.effects import Effects
from authstream.engine.parts.metadata import UserMetadata
from authstream.engine.parts.validation import Validation
from authstream.engine.trigger import Trigger


class Transaction(OAuthRequest, Correlation):
    """The transaction in which the user signs up."""


class PreUserRegistrationEvent(Event):
    """The event of a sign-up."""

    connection: Connection
    request: RequestWithBody
    tenant: Tenant
    user: NewUser
    authentication: RequestAuthentication | None = None
    client: Client | None = None
    custom_domain: CustomDomain | None = None
    security_context: SecurityContext | None = None
    transaction: Transaction | None = None


PLUGIN = Trigger(
    name="pre-user-registration",
    handler="onExecutePreUserRegistration",
    event=PreUserRegistrationEvent,
    parts=(SignupAccess, Validation, UserMetadata, Effects),
    # There is nobody to patch yet: the provider creates the user with what the verdict says.
    patches_metadata=False,
    sensitive=("request.body.password",),
    differs=(
        "Metadata is in the verdict, for the provider to create the user with; it is not patched."
    ),
)
