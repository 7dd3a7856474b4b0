"""credentials-exchange: before an access token is issued to a machine (Auth0's trigger, v2)."""

from __future__ import annotations

from pydantic import Field

from authstream.contracts.event_members import (
    Agent,
    Client,
    Correlation,
    CustomDomain,
    Event,
    Free,
    Member,
    Organization,
    RequestWithBody,
    ResourceServer,
    Tenant,
)
from authstream.engine.parts.access import MachineAccess
from authstream.engine.parts.claims import AccessTokenClaims
from authstream.engine.parts.effects import Effects
from authstream.engine.parts.scopes import TargetScopeChanges
from authstream.engine.trigger import Trigger


class AccessToken(Member):
    """The token as it would be issued."""

    customClaims: Free = Field(default_factory=dict)  # noqa: N815 - Auth0's spelling
    scope: list[str] = Field(default_factory=list)


class Transaction(Correlation):
    """What the machine asked for."""

    requested_scopes: list[str] = Field(default_factory=list)
    target_scopes: list[str] | None = None


class CredentialsExchangeEvent(Event):
    """The event of a client-credentials grant."""

    client: Client
    request: RequestWithBody
    tenant: Tenant
    resource_server: ResourceServer | None = None
    accessToken: AccessToken = AccessToken()  # noqa: N815 - Auth0's spelling
    transaction: Transaction = Transaction()
    agent: Agent | None = None
    custom_domain: CustomDomain | None = None
    organization: Organization | None = None


PLUGIN = Trigger(
    name="credentials-exchange",
    handler="onExecuteCredentialsExchange",
    frequent=True,
    event=CredentialsExchangeEvent,
    parts=(MachineAccess, AccessTokenClaims, TargetScopeChanges, Effects),
    sensitive=("request.body.client_secret", "request.body.client_assertion"),
    differs=(
        "The verdict's `target_scopes` are not cut to the client's grant: the provider does that."
    ),
)
