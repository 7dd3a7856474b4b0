"""The frames between a worker and a guest: `u32 length | u8 type | u32 id | payload`."""

from __future__ import annotations

import struct
from enum import IntEnum

from authstream.errors import AuthstreamError

#: The version that READY carries.
PROTOCOL = "actions-runner/1"
#: Bytes after the length field; a longer frame ends the guest.
FRAME_BYTES = 1024 * 1024

_HEAD = struct.Struct(">IBI")
_LENGTH = struct.Struct(">I")
_EVENT_HEAD = struct.Struct(">IBII")
#: Bytes of type and id, which the length counts.
_TYPE_AND_ID = _HEAD.size - _LENGTH.size


class FrameError(AuthstreamError):
    """Bytes that are not a frame; there is no way to find the next one, so the guest is ended."""

    code = "frame"


class FrameType(IntEnum):
    """What a frame says; sandbox protocol, `->` towards the guest."""

    INIT = 1  # -> JSON: everything the guest needs
    READY = 2  # <- JSON: handlers, runtime, milliseconds to load
    FATAL = 3  # <- JSON: why the action cannot be loaded
    EVENT = 4  # -> u32 header length, JSON header, event bytes
    RESULT = 5  # <- JSON: commands, console
    ERROR = 6  # <- JSON: name, message, stack, console
    CANCEL = 7  # -> the event's time is over
    LOG = 8  # <- JSON: level, text
    CALL = 9  # <- JSON: a query on the api
    REPLY = 10  # -> JSON: its answer
    PING = 11  # ->
    PONG = 12  # <-


_TYPES = {int(kind): kind for kind in FrameType}

Frame = tuple[FrameType, int, bytes]


def encode(kind: FrameType, number: int, payload: bytes = b"") -> bytes:
    """One frame.

    Raises:
        FrameError: The payload does not fit `FRAME_BYTES`.
    """
    length = _TYPE_AND_ID + len(payload)
    if length > FRAME_BYTES:
        raise FrameError(f"a frame of {length} bytes is over the limit of {FRAME_BYTES}")
    return _HEAD.pack(length, kind, number) + payload


def encode_event(number: int, header: bytes, event: bytes) -> tuple[bytes, bytes]:
    """The two parts of an EVENT frame, to be sent one after the other.

    The second is the event's own bytes, which are not copied.

    Raises:
        FrameError: The two do not fit `FRAME_BYTES`.
    """
    length = _TYPE_AND_ID + _LENGTH.size + len(header) + len(event)
    if length > FRAME_BYTES:
        raise FrameError(f"a frame of {length} bytes is over the limit of {FRAME_BYTES}")
    return _EVENT_HEAD.pack(length, FrameType.EVENT, number, len(header)) + header, event


class FrameReader:
    """Cuts a stream of bytes into frames; checks each length before it buffers the rest."""

    def __init__(self) -> None:
        #: Of a frame that is not complete; it is looked at again when it has the bytes it wants.
        self._rest = bytearray()
        self._wanted = 0

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that `data` completes.

        Raises:
            FrameError: A length over the limit or under the minimum, or an unknown type.
        """
        if self._rest:
            self._rest += data
            if len(self._rest) < self._wanted:
                return []
            data = bytes(self._rest)
        frames: list[Frame] = []
        start, size = 0, len(data)
        while size - start >= _HEAD.size:
            length, kind, number = _HEAD.unpack_from(data, start)
            end = start + _LENGTH.size + _checked(length)
            if size < end:
                break
            if kind not in _TYPES:
                raise FrameError(f"there is no frame type {kind}")
            frames.append((_TYPES[kind], number, data[start + _HEAD.size : end]))
            start = end
        self._keep(data[start:])
        return frames

    def _keep(self, rest: bytes) -> None:
        self._rest = bytearray(rest)
        self._wanted = _LENGTH.size
        if len(rest) >= _LENGTH.size:
            self._wanted += _checked(_LENGTH.unpack_from(rest)[0])


def _checked(length: int) -> int:
    if not _TYPE_AND_ID <= length <= FRAME_BYTES:
        raise FrameError(f"a frame of {length} bytes is outside {_TYPE_AND_ID} to {FRAME_BYTES}")
    return length
