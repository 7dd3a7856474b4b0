"""What a guest writes past its console: read at a limited rate, the end kept for a crash."""

from __future__ import annotations

import asyncio
import re
from collections import deque
from typing import cast

#: More has to wait, and the guest with it.
STDERR_BYTES_PER_SECOND = 256 * 1024
#: The end that a crash shows.
STDERR_TAIL_BYTES = 400
_FATAL = re.compile(rb"^FATAL ERROR: .{0,200}", re.MULTILINE)


class StderrTail(asyncio.Protocol):
    """Reads a guest's stderr no faster than `STDERR_BYTES_PER_SECOND` and keeps the end of it."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._left = STDERR_BYTES_PER_SECOND
        self._tail: deque[int] = deque(maxlen=STDERR_TAIL_BYTES)
        #: What V8 gives up with; a long trace of its own functions follows it.
        self._fatal = b""
        self._transport: asyncio.ReadTransport | None = None
        self._lost = loop.create_future()
        self._refill: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.ReadTransport", transport)

    def data_received(self, data: bytes) -> None:
        """Keep the end; stop reading when this second's share is used up."""
        self._tail.extend(data[-STDERR_TAIL_BYTES:])
        if fatal := _FATAL.search(data):
            self._fatal = fatal[0]
        self._left -= len(data)
        if self._refill is None:
            self._refill = self._loop.call_later(1, self._second)
        if self._left <= 0 and self._transport is not None:
            self._transport.pause_reading()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """The pipe is closed."""
        if not self._lost.done():
            self._lost.set_result(None)

    async def close(self) -> str:
        """Close the pipe; the last words."""
        if self._refill is not None:
            self._refill.cancel()
        if self._transport is not None:
            self._transport.close()
            await self._lost
        return (self._fatal or bytes(self._tail)).decode(errors="replace").strip()

    def _second(self) -> None:
        self._refill, self._left = None, STDERR_BYTES_PER_SECOND
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()
