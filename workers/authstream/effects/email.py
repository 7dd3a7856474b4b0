"""email: sends an e-mail through an SMTP server, the effect's id being its Message-ID."""

from __future__ import annotations

import secrets
from email.message import EmailMessage
from email.utils import formatdate
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints, model_validator

from authstream.contracts.effect import Effect
from authstream.engine.delivery import Delivery, parsed
from authstream.errors import ConfigurationError, DeliveryError
from authstream.outbound.mail_templates import Rendered, render
from authstream.outbound.smtp import SmtpPool
from authstream.outbound.verification import VerifiedAddress, link
from authstream.settings import Settings

#: Goes into a header: without line breaks, so that no header can be smuggled in.
OneLine = Annotated[str, StringConstraints(pattern=r"^[^\r\n\x00]+$", max_length=998)]
#: The template whose link proves an address.
_VERIFY = "verify-address"
#: Auth0's types of message by our templates.
_TYPES = {"welcome": "welcome_email", _VERIFY: "verify_email", "blocked-account": "blocked_account"}


class EmailInputs(BaseModel):
    """One e-mail: subject and text, or a template and its values."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    to: OneLine
    subject: OneLine | None = None
    text: str | None = None
    html: str | None = None
    template: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]*$")] | None = None
    values: dict[str, Any] = Field(default_factory=dict)
    reply_to: OneLine | None = None
    #: Where the reader says that no more such mail is wanted: `https://…` or `mailto:…`.
    unsubscribe: Annotated[OneLine, StringConstraints(pattern=r"^(https://|mailto:)")] | None = None

    @model_validator(mode="after")
    def _either(self) -> Self:
        written = self.subject is not None and self.text is not None
        if written == (self.template is not None) or (self.template and (self.text or self.html)):
            msg = "give subject and text, or a template"
            raise ValueError(msg)
        return self


class EmailDelivery(Delivery):
    """Delivers to the server of `AUTHSTREAM_SMTP__HOST`; 4xx replies may be tried again."""

    name = "email"
    inputs = EmailInputs
    providers = ("custom-email-provider",)
    previews = True

    def __init__(self) -> None:
        self._settings = Settings()
        self._pool = SmtpPool(self._settings.smtp)

    async def start(self) -> None:
        """Read the server's address."""
        self._settings = Settings()
        self._pool = SmtpPool(self._settings.smtp)

    async def stop(self) -> None:
        """Close the connections."""
        await self._pool.close()

    def destination(self, effect: Effect) -> str:  # noqa: ARG002 - one server takes all
        """The SMTP server."""
        return f"{self._settings.smtp.host}:{self._settings.smtp.port}"

    async def deliver(self, effect: Effect) -> None:
        """Send one e-mail. Raises DeliveryError."""
        await self._pool.send(message(effect, self._settings))

    def preview(self, effect: Effect) -> dict[str, str]:
        """From, to, subject, text and HTML. Its links prove nothing: their key is nobody's."""
        nobody = SecretStr(secrets.token_hex())
        links = self._settings.links.model_copy(update={"key": nobody})
        inputs = parsed(EmailInputs, self.name, effect.payload)
        parts = _parts(inputs, effect, self._settings.model_copy(update={"links": links}))
        shown = {
            "from": self._settings.smtp.sender,
            "to": inputs.to,
            "subject": inputs.subject or parts.subject,
            "text": parts.text,
        }
        return {**shown, "html": parts.html} if parts.html else shown

    def event(self, effect: Effect, trigger: str) -> dict[str, Any]:  # noqa: ARG002 - there is one
        """The rendered e-mail as Auth0's trigger has it. Raises DeliveryError."""
        inputs = parsed(EmailInputs, self.name, effect.payload)
        parts = _parts(inputs, effect, self._settings)
        mail = {
            "to": inputs.to,
            "from": self._settings.smtp.sender,
            "subject": inputs.subject or parts.subject,
            "text": parts.text,
            "html": parts.html,
            "message_type": _TYPES.get(inputs.template or ""),
        }
        return {"notification": {name: said for name, said in mail.items() if said is not None}}


def message(effect: Effect, settings: Settings) -> EmailMessage:
    """The e-mail of an effect, the same each time. Raises DeliveryError for one that cannot be."""
    inputs = parsed(EmailInputs, "email", effect.payload)
    parts = _parts(inputs, effect, settings)
    mail = EmailMessage()
    try:
        mail["From"], mail["To"] = settings.smtp.sender, inputs.to
        mail["Subject"] = inputs.subject or parts.subject
        if inputs.reply_to:
            mail["Reply-To"] = inputs.reply_to
    except ValueError as error:
        raise DeliveryError("email: an address cannot be written", permanent=True) from error
    mail["Date"] = formatdate(effect.ordered_at / 1000)
    mail["Message-ID"] = f"<{effect.id}@authstream>"
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's holiday note answers
    if inputs.unsubscribe:
        mail["List-Unsubscribe"] = f"<{inputs.unsubscribe}>"
        if inputs.unsubscribe.startswith("https:"):
            mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"  # RFC 8058
    mail.set_content(parts.text)
    if parts.html:
        mail.add_alternative(parts.html, subtype="html")
    return mail


def _parts(inputs: EmailInputs, effect: Effect, settings: Settings) -> Rendered:
    if inputs.template is None:
        return Rendered(inputs.subject or "", inputs.text or "", inputs.html)
    values = dict(inputs.values)
    if inputs.template == _VERIFY:
        values |= {"link": _link(inputs, effect, settings), "hours": settings.links.hours}
    return render(inputs.template, values, folder=settings.smtp.templates)


def _link(inputs: EmailInputs, effect: Effect, settings: Settings) -> str:
    user = inputs.values.get("user_id")
    if not isinstance(user, str):
        raise DeliveryError(f"email: {_VERIFY} needs values.user_id", permanent=True)
    address = VerifiedAddress(effect.tenant, user, inputs.to)
    try:
        return link(address, settings.links, issued_at=effect.ordered_at)
    except ConfigurationError as error:
        raise DeliveryError(f"email: {error}", permanent=True) from error


PLUGIN = EmailDelivery()
