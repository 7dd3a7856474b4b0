"""The mailbox of the demo: a local SMTP server that keeps what it receives."""

from __future__ import annotations

import asyncio
import threading
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from types import TracebackType
from typing import Any, Self

from authstream.errors import ConfigurationError


class Mailbox:
    """Receives mail on loopback. Use as a context manager.

    Raises ConfigurationError without aiosmtpd.
    """

    def __init__(self) -> None:
        try:
            from aiosmtpd.smtp import SMTP  # noqa: PLC0415 - in the extra `demo` only
        except ImportError as error:
            raise ConfigurationError(
                "the demo needs an SMTP server: pip install 'authstream[demo]'"
            ) from error
        self.received: list[EmailMessage] = []
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._protocol = lambda: SMTP(self, loop=self._loop)
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="demo-mailbox", daemon=True
        )

    async def handle_DATA(self, _server: object, _session: object, envelope: Any) -> str:  # noqa: N802, ANN401 - aiosmtpd's hook
        """Keep a message."""
        message = message_from_bytes(envelope.content, policy=default)
        assert isinstance(message, EmailMessage)  # noqa: S101 - the default policy makes these
        self.received.append(message)
        return "250 OK"

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _listen(self) -> None:
        # Port 0: any free one, which aiosmtpd's own controller cannot do.
        self._server = await self._loop.create_server(self._protocol, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        self._server.close()
        await self._server.wait_closed()
