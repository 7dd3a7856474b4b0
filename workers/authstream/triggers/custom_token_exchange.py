"""custom-token-exchange: a foreign token is exchanged for one of the provider's (Auth0's, v1)."""

from __future__ import annotations

from pydantic import Field

from authstream.contracts.event_members import (
    Client,
    Event,
    Member,
    MultifactorUser,
    Organization,
    RequestWithBody,
    ResourceServer,
    Tenant,
)
from authstream.engine.parts.access import TokenAccess
from authstream.engine.parts.effects import Effects
from authstream.engine.parts.metadata import UserMetadata
from authstream.engine.parts.token_exchange import TokenExchange
from authstream.engine.trigger import Trigger


class Transaction(Member):
    """The exchange (RFC 8693)."""

    subject_token: str
    subject_token_type: str
    actor_token: str | None = None
    actor_token_type: str | None = None
    actor_token_user: MultifactorUser | None = None
    requested_scopes: list[str] = Field(default_factory=list)
    requested_token_type: str | None = None


class CustomTokenExchangeEvent(Event):
    """The event of a token exchange."""

    client: Client
    request: RequestWithBody
    tenant: Tenant
    transaction: Transaction
    organization: Organization | None = None
    resource_server: ResourceServer | None = None


PLUGIN = Trigger(
    name="custom-token-exchange",
    handler="onExecuteCustomTokenExchange",
    event=CustomTokenExchangeEvent,
    parts=(TokenAccess, TokenExchange, UserMetadata, Effects),
    least_actions=1,
    sensitive=(
        "transaction.subject_token",
        "transaction.actor_token",
        "request.body.subject_token",
        "request.body.actor_token",
        "request.body.client_secret",
    ),
    differs=(
        "One flow serves all exchange profiles: bind one action for each, with a `when` on "
        "`event.transaction.subject_token_type`. Metadata is patched for a user set by id; "
        "for one set by connection it is in the verdict, for the provider. That `post-login` "
        "runs afterwards is for the provider to arrange."
    ),
)
