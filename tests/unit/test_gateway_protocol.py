"""How the gateway writes: a response is one segment, whatever its parts."""

from __future__ import annotations

import asyncio

from authstream.gateway.protocol import OneWrite


class Wire(asyncio.Transport):
    """Keeps what is written, write by write."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []
        self.closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """One segment."""
        self.writes.append(bytes(data))

    def close(self) -> None:
        """The end."""
        self.closed = True


async def test_status_line_headers_and_body_leave_together() -> None:
    """Two segments would wait for each other's acknowledgement at some callers."""
    wire = Wire()
    transport = OneWrite(wire, asyncio.get_running_loop())
    transport.write(b"HTTP/1.1 200 OK\r\n\r\n")
    transport.write(b"{}")
    assert wire.writes == []
    await asyncio.sleep(0)
    assert wire.writes == [b"HTTP/1.1 200 OK\r\n\r\n{}"]


async def test_what_waits_is_written_before_the_end() -> None:
    """A closed connection has the whole answer."""
    wire = Wire()
    transport = OneWrite(wire, asyncio.get_running_loop())
    transport.write(b"x")
    transport.close()
    assert (wire.writes, wire.closed) == ([b"x"], True)
