"""email: sends an e-mail through an SMTP server, the effect's id being its Message-ID."""

from __future__ import annotations

from email.message import EmailMessage
from email.utils import formatdate

import aiosmtplib
from pydantic import BaseModel, ConfigDict, ValidationError

from authstream.contracts.effect import Effect
from authstream.engine.delivery import Delivery
from authstream.errors import DeliveryError
from authstream.settings import Settings

#: SMTP replies from here on are permanent (RFC 5321 section 4.2.1).
_PERMANENT = 500


class EmailInputs(BaseModel):
    """One e-mail.

    Line breaks in addresses and subject are refused, so that no header can be smuggled in.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    to: str
    subject: str
    text: str
    html: str | None = None


class EmailDelivery(Delivery):
    """Delivers to the server of `AUTHSTREAM_SMTP__HOST`; 4xx replies may be tried again."""

    name = "email"
    inputs = EmailInputs

    def __init__(self) -> None:
        self._settings = Settings()

    async def start(self) -> None:
        """Read the server's address."""
        self._settings = Settings()

    async def deliver(self, effect: Effect) -> None:
        """Send one e-mail. Raises DeliveryError."""
        smtp = self._settings.smtp
        try:
            await aiosmtplib.send(
                _message(effect, sender=smtp.sender),
                hostname=smtp.host,
                port=smtp.port,
                username=smtp.username,
                password=smtp.password.get_secret_value() if smtp.password else None,
                start_tls=smtp.start_tls,
            )
        except aiosmtplib.SMTPResponseException as error:
            raise DeliveryError(
                f"SMTP {smtp.host} answered {error.code}", permanent=error.code >= _PERMANENT
            ) from error
        except aiosmtplib.SMTPRecipientsRefused as error:
            permanent = all(refused.code >= _PERMANENT for refused in error.recipients)
            raise DeliveryError(
                f"SMTP {smtp.host} refused the recipient", permanent=permanent
            ) from error
        except (aiosmtplib.SMTPException, OSError) as error:
            raise DeliveryError(
                f"SMTP {smtp.host}:{smtp.port} cannot be reached ({type(error).__name__})",
                permanent=False,
            ) from error


def _message(effect: Effect, *, sender: str) -> EmailMessage:
    try:
        inputs = EmailInputs.model_validate(effect.payload)
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = sender, inputs.to, inputs.subject
    except (ValidationError, ValueError) as error:
        raise DeliveryError(
            "an email effect takes {to, subject, text, html?}, no line breaks in to and subject",
            permanent=True,
        ) from error
    message["Date"] = formatdate(effect.ordered_at / 1000)
    message["Message-ID"] = f"<{effect.id}@authstream>"
    message.set_content(inputs.text)
    if inputs.html:
        message.add_alternative(inputs.html, subtype="html")
    return message


PLUGIN = EmailDelivery()
