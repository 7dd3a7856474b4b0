"""custom-phone-provider: an SMS or a call is to be sent or made (Auth0's trigger, v1)."""

from __future__ import annotations

from pydantic import Field

from authstream.contracts.event_members import (
    BrandedTenant,
    Client,
    Connection,
    Correlation,
    CustomDomain,
    Event,
    LinkedUser,
    Member,
    Organization,
    Request,
)
from authstream.engine.limits import NOTIFICATION_WAITS
from authstream.engine.parts.effects import Effects
from authstream.engine.parts.notification import Notification
from authstream.engine.trigger import Trigger, event_user


class PhoneMessage(Member):
    """The message."""

    recipient: str
    from_: str | None = Field(None, alias="from")
    as_text: str | None = None
    as_voice: str | None = None
    code: str | None = None
    delivery_method: str | None = None
    locale: str | None = None
    message_type: str | None = None


class CustomPhoneProviderEvent(Event):
    """The event of a message to send."""

    client: Client
    notification: PhoneMessage
    request: Request
    tenant: BrandedTenant
    user: LinkedUser
    connection: Connection | None = None
    custom_domain: CustomDomain | None = None
    organization: Organization | None = None
    transaction: Correlation | None = None


PLUGIN = Trigger(
    name="custom-phone-provider",
    handler="onExecuteCustomPhoneProvider",
    event=CustomPhoneProviderEvent,
    parts=(Notification, Effects),
    subject=event_user,
    blocking=False,
    on_failure="unsent",
    least_actions=1,
    most_actions=1,
    sensitive=("notification.code", "notification.as_text", "notification.as_voice"),
    differs=(
        f"A retry comes after {', '.join(f'{wait.seconds}' for wait in NOTIFICATION_WAITS)} s, "
        "each as a flow of its own; Auth0 says in the next minutes. After the last the event is a "
        "dead letter."
    ),
)
