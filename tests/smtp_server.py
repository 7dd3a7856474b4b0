"""A real SMTP server on loopback that keeps what it receives, can be down, slow or in a mood."""

from __future__ import annotations

import asyncio
import ssl
import threading
import time
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from types import TracebackType
from typing import Any, Self

from aiosmtpd.smtp import SMTP


@dataclass
class SmtpServer:
    """Use as a context manager."""

    #: TLS to offer by STARTTLS.
    context: ssl.SSLContext | None = None
    #: Answers to give to DATA, in turn, before it is accepted again.
    moods: list[str] = field(default_factory=list[str])
    #: Answers to give to RCPT, in turn.
    refusals: list[str] = field(default_factory=list[str])
    #: How long each e-mail takes, seconds.
    delay: float = 0.0
    port: int = 0

    def __post_init__(self) -> None:
        self.received: list[tuple[float, EmailMessage]] = []
        self.connections = 0
        self._open: list[SMTP] = []
        self._loop = asyncio.new_event_loop()
        self._server: asyncio.Server | None = None
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    @property
    def mails(self) -> list[EmailMessage]:
        """What was accepted, in order."""
        return [mail for _, mail in self.received]

    def _protocol(self) -> SMTP:
        self.connections += 1
        return SMTP(self, loop=self._loop, tls_context=self.context)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's hook
        self, _server: object, _session: object, envelope: Any, address: str, options: list[str]
    ) -> str:
        """Take a recipient, or not."""
        if self.refusals:
            return self.refusals.pop(0)
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, _server: object, _session: object, envelope: Any) -> str:  # noqa: N802 - as above
        """Keep a message, or refuse it."""
        await asyncio.sleep(self.delay)
        if self.moods:
            return self.moods.pop(0)
        message = message_from_bytes(envelope.content, policy=default)
        assert isinstance(message, EmailMessage)
        self.received.append((time.monotonic(), message))
        return "250 OK"

    def go_up(self) -> None:
        """Listen, at the same port as before."""
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result()

    def go_down(self) -> None:
        """Listen no more and cut every connection."""
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result()

    def __enter__(self) -> Self:
        self._thread.start()
        self.go_up()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.go_down()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _listen(self) -> None:
        self._server = await self._loop.create_server(
            self._tracked, "127.0.0.1", self.port, reuse_address=True
        )
        self.port = self._server.sockets[0].getsockname()[1]

    def _tracked(self) -> SMTP:
        protocol = self._protocol()
        self._open.append(protocol)
        return protocol

    async def _close(self) -> None:
        if self._server is None:
            return
        self._server.close()
        for protocol in self._open:
            transport = protocol.transport
            if isinstance(transport, asyncio.Transport) and not transport.is_closing():
                transport.abort()
        self._open.clear()
        await asyncio.sleep(0.05)  # the library's own tasks end
        self._server = None
