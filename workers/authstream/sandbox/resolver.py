"""Answers a guest's DNS questions: an address of its own for each allowed name, else none."""

from __future__ import annotations

import struct
from collections.abc import Callable

from authstream.engine.egress import Egress

#: Virtual addresses are 127.77.x.y; more names than this are answered as unknown.
MOST_NAMES = 65536 - 2
_PREFIX = "127.77"
_HEADER = struct.Struct(">HHHHHH")
_QUESTION = struct.Struct(">HH")
_ANSWER = struct.Struct(">HHHIH4s")
_LENGTH = struct.Struct(">H")
_A, _IN = 1, 1
_RESPONSE, _RECURSION, _NO_SUCH_NAME, _REFUSED = 0x8000, 0x0180, 3, 5
_NAME_POINTER = 0xC00C
#: The guest asks again after this many seconds; the worker resolves on each connect anyway.
_TTL = 60


class Resolver:
    """The names that one guest knows."""

    def __init__(self, egress: Egress, *, refused: Callable[[str], None]) -> None:
        """`refused` is told each name that is not allowed."""
        self._egress = egress
        self._refused = refused
        self._addresses: dict[str, str] = {}
        self._names: dict[str, str] = {}

    def name(self, address: str) -> str | None:
        """The name that has a virtual address."""
        return self._names.get(address)

    def answer(self, query: bytes) -> bytes:
        """The DNS message that answers one. Raises ValueError for what is no question."""
        try:
            number, _, questions, *_ = _HEADER.unpack_from(query)
            name, end = _read_name(query, _HEADER.size)
            kind, klass = _QUESTION.unpack_from(query, end)
        except (struct.error, IndexError, UnicodeDecodeError) as error:
            raise ValueError("not a DNS question") from error
        question = query[_HEADER.size : end + _QUESTION.size]
        if questions != 1 or klass != _IN:
            return _HEADER.pack(number, _RESPONSE | _RECURSION | _REFUSED, 1, 0, 0, 0) + question
        address = self._address(name)
        code = 0 if address else _NO_SUCH_NAME
        record = _record(address) if address and kind == _A else b""
        flags = _RESPONSE | _RECURSION | code
        return _HEADER.pack(number, flags, 1, int(bool(record)), 0, 0) + question + record

    def _address(self, name: str) -> str | None:
        if not self._egress.knows(name):
            self._refused(name)
            return None
        if name not in self._addresses and len(self._addresses) < MOST_NAMES:
            high, low = divmod(len(self._addresses) + 1, 256)
            self._addresses[name] = address = f"{_PREFIX}.{high}.{low}"
            self._names[address] = name
        return self._addresses.get(name)


class Conversation:
    """DNS over TCP: messages with their length in front."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._buffer = b""

    def feed(self, data: bytes) -> bytes:
        """The answers to the questions that `data` completes. Raises ValueError."""
        self._buffer += data
        answers = b""
        while len(self._buffer) >= _LENGTH.size:
            end = _LENGTH.size + int(_LENGTH.unpack_from(self._buffer)[0])
            if len(self._buffer) < end:
                break
            answer = self._resolver.answer(self._buffer[_LENGTH.size : end])
            answers += _LENGTH.pack(len(answer)) + answer
            self._buffer = self._buffer[end:]
        return answers


def _record(address: str) -> bytes:
    packed = bytes(int(part) for part in address.split("."))
    return _ANSWER.pack(_NAME_POINTER, _A, _IN, _TTL, len(packed), packed)


def _read_name(message: bytes, at: int) -> tuple[str, int]:
    labels: list[str] = []
    while length := message[at]:
        if length > 63:  # noqa: PLR2004 - RFC 1035: a label; a question has no pointers
            raise ValueError("not a DNS question")
        labels.append(message[at + 1 : at + 1 + length].decode("ascii").lower())
        at += 1 + length
    return ".".join(labels), at + 1
