"""send-phone-message: a one-time code is to be sent by SMS or voice (Auth0's trigger, v2)."""

from __future__ import annotations

from authstream.contracts.event_members import (
    Client,
    Correlation,
    CustomDomain,
    Event,
    LinkedUser,
    Member,
    Request,
    SecurityContext,
    Tenant,
)
from authstream.engine.parts.effects import Effects
from authstream.engine.trigger import Trigger, event_user


class MessageOptions(Member):
    """The message."""

    action: str
    recipient: str
    code: str | None = None
    message_type: str | None = None
    text: str | None = None


class SendPhoneMessageEvent(Event):
    """The event of a code to send."""

    message_options: MessageOptions
    request: Request
    tenant: Tenant
    user: LinkedUser
    client: Client | None = None
    custom_domain: CustomDomain | None = None
    security_context: SecurityContext | None = None
    transaction: Correlation | None = None


PLUGIN = Trigger(
    name="send-phone-message",
    handler="onExecuteSendPhoneMessage",
    event=SendPhoneMessageEvent,
    parts=(Effects,),
    subject=event_user,
    on_failure="unsent",
    sensitive=("message_options.code", "message_options.text"),
)
