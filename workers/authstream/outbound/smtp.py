"""SMTP towards one server: connections that are kept, a client span, errors told apart by reply."""

from __future__ import annotations

import ssl
import time
from datetime import timedelta
from email.message import EmailMessage

import aiosmtplib
from opentelemetry.trace import SpanKind, StatusCode

from authstream import telemetry
from authstream.errors import DeliveryError
from authstream.settings import SmtpSettings

#: SMTP replies from here on are permanent (RFC 5321 section 4.2.1).
_PERMANENT = 500
#: A connection that was idle longer is not used again: servers close them after 30 s and more.
IDLE = timedelta(seconds=20)
#: Connecting, and each reply.
TIMEOUT = timedelta(seconds=8)


class SmtpPool:
    """Connections to the server of the settings, each used for one e-mail at a time."""

    def __init__(self, settings: SmtpSettings) -> None:
        self._settings = settings
        #: Connections at rest with the time they came to it, newest last.
        self._idle: list[tuple[float, aiosmtplib.SMTP]] = []

    async def close(self) -> None:
        """Say goodbye on every connection."""
        while self._idle:
            await _quit(self._idle.pop()[1])

    async def send(self, message: EmailMessage) -> None:
        """Send one e-mail. Raises DeliveryError."""
        said = self._settings
        attributes: dict[str, str | int] = {
            "network.protocol.name": "smtp",
            "server.address": said.host,
            "server.port": said.port,
        }
        with telemetry.span("SMTP", attributes, kind=SpanKind.CLIENT) as span:
            try:
                await self._send(message)
            except (aiosmtplib.SMTPException, OSError) as error:
                span.set_status(StatusCode.ERROR)
                raise self._failure(error) from error

    async def _send(self, message: EmailMessage) -> None:
        client = await self._client()
        try:
            await client.send_message(message)
        except aiosmtplib.SMTPResponseException:
            self._keep(client)
            raise
        except BaseException:
            client.close()
            raise
        self._keep(client)

    async def _client(self) -> aiosmtplib.SMTP:
        while self._idle:
            since, client = self._idle.pop()
            if time.monotonic() - since < IDLE.total_seconds() and await _alive(client):
                return client
            client.close()
        said = self._settings
        client = aiosmtplib.SMTP(
            hostname=said.host,
            port=said.port,
            username=said.username,
            password=said.password.get_secret_value() if said.password else None,
            use_tls=said.tls,
            start_tls=False if said.tls else said.start_tls,
            tls_context=ssl.create_default_context(cafile=said.tls_ca) if said.tls_ca else None,
            timeout=TIMEOUT.total_seconds(),
        )
        await client.connect()
        return client

    def _keep(self, client: aiosmtplib.SMTP) -> None:
        if client.is_connected:
            self._idle.append((time.monotonic(), client))

    def _failure(self, error: Exception) -> DeliveryError:
        where = f"SMTP {self._settings.host}:{self._settings.port}"
        match error:
            case aiosmtplib.SMTPRecipientsRefused():
                permanent = all(refused.code >= _PERMANENT for refused in error.recipients)
                return DeliveryError(
                    f"{where} refused the recipient", permanent=permanent, down=False
                )
            case aiosmtplib.SMTPResponseException() if error.code > 0:
                permanent = error.code >= _PERMANENT
                return DeliveryError(f"{where} answered {error.code}", permanent=permanent)
            case _:
                return DeliveryError(
                    f"{where} cannot be reached ({type(error).__name__})", permanent=False
                )


async def _alive(client: aiosmtplib.SMTP) -> bool:
    """The server may have closed it; asking costs one reply, a lost e-mail costs a duplicate."""
    try:
        await client.rset()
    except (aiosmtplib.SMTPException, OSError):
        return False
    return True


async def _quit(client: aiosmtplib.SMTP) -> None:
    try:
        await client.quit()
    except (aiosmtplib.SMTPException, OSError):
        client.close()
