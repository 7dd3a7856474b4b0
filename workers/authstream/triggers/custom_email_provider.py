"""custom-email-provider: an e-mail of the provider's is to be sent (Auth0's trigger, v1)."""

from __future__ import annotations

from pydantic import Field

from authstream.contracts.event_members import (
    BrandedTenant,
    Client,
    Connection,
    Contact,
    Correlation,
    CustomDomain,
    Event,
    Free,
    GeoIP,
    Member,
    Organization,
)
from authstream.engine.limits import NOTIFICATION_WAITS
from authstream.engine.parts.effects import Effects
from authstream.engine.parts.notification import Notification
from authstream.engine.trigger import Trigger, event_user


class Email(Member):
    """The e-mail."""

    to: str
    from_: str | None = Field(None, alias="from")
    html: str | None = None
    locale: str | None = None
    message_type: str | None = None
    subject: str | None = None
    text: str | None = None


class Recipient(Contact):
    """The user it goes to."""

    user_id: str
    email_verified: bool = False


class EmailRequest(Member):
    """The request that led to it, if there was one."""

    geoip: GeoIP | None = None
    hostname: str | None = None
    ip: str | None = None
    query: Free | None = None
    user_agent: str | None = None


class CustomEmailProviderEvent(Event):
    """The event of an e-mail to send."""

    client: Client
    notification: Email
    tenant: BrandedTenant
    user: Recipient
    request: EmailRequest = EmailRequest()
    connection: Connection | None = None
    custom_domain: CustomDomain | None = None
    organization: Organization | None = None
    transaction: Correlation | None = None


PLUGIN = Trigger(
    name="custom-email-provider",
    handler="onExecuteCustomEmailProvider",
    event=CustomEmailProviderEvent,
    parts=(Notification, Effects),
    subject=event_user,
    blocking=False,
    on_failure="unsent",
    least_actions=1,
    most_actions=1,
    sensitive=(
        *("notification.html", "notification.text"),
        *("notification.code", "notification.email_data"),
    ),
    differs=(
        f"A retry comes after {', '.join(f'{wait.seconds}' for wait in NOTIFICATION_WAITS)} s, "
        "each as a flow of its own; Auth0 says in the next minutes. After the last the event is a "
        "dead letter."
    ),
)
