"""DNS as a guest sees it: virtual addresses for allowed names, nothing for others."""

from __future__ import annotations

import struct

import pytest

from authstream.engine.egress import Egress
from authstream.sandbox.resolver import Conversation, Resolver

A, AAAA = 1, 28


def question(name: str, kind: int = A, number: int = 7) -> bytes:
    """A query as glibc sends it."""
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return (
        struct.pack(">6H", number, 0x0100, 1, 0, 0, 0)
        + labels
        + b"\0"
        + struct.pack(">HH", kind, 1)
    )


def read(answer: bytes) -> tuple[int, int, str]:
    """Number, response code and address of an answer."""
    number, flags, _, answers, _, _ = struct.unpack_from(">6H", answer)
    address = ".".join(map(str, answer[-4:])) if answers else ""
    return number, flags & 15, address


@pytest.fixture
def refused() -> list[str]:
    """The names that were refused."""
    return []


@pytest.fixture
def resolver(refused: list[str]) -> Resolver:
    """One that knows two names."""
    return Resolver(Egress(["crm.example.com:443", "*.api.test:*"]), refused=refused.append)


def test_an_allowed_name_has_one_virtual_address(resolver: Resolver, refused: list[str]) -> None:
    """The same every time, whatever its case; names differ."""
    first = read(resolver.answer(question("crm.example.com")))
    assert first == (7, 0, "127.77.0.1")
    assert read(resolver.answer(question("CRM.example.com"))) == first
    assert read(resolver.answer(question("a.api.test"))) == (7, 0, "127.77.0.2")
    assert resolver.name("127.77.0.1") == "crm.example.com"
    assert resolver.name("127.77.0.9") is None
    assert refused == []


def test_another_name_does_not_exist(resolver: Resolver, refused: list[str]) -> None:
    """And that is told to whoever watches."""
    assert read(resolver.answer(question("evil.example.com"))) == (7, 3, "")
    assert refused == ["evil.example.com"]


def test_there_is_no_ipv6_address(resolver: Resolver) -> None:
    """The name exists, but without such a record."""
    assert read(resolver.answer(question("crm.example.com", AAAA))) == (7, 0, "")


def test_questions_come_in_any_pieces(resolver: Resolver) -> None:
    """TCP has no message boundaries."""
    conversation = Conversation(resolver)
    one = question("crm.example.com", number=1)
    stream = struct.pack(">H", len(one)) + one
    answers = b"".join(conversation.feed(stream[at : at + 1]) for at in range(len(stream)))
    both = conversation.feed(stream + stream)
    assert both == answers * 2
    assert read(answers[2:]) == (1, 0, "127.77.0.1")


@pytest.mark.parametrize(
    "message", [b"", b"x" * 11, b"\0" * 12, b"\0" * 12 + b"\xff" * 5, question("a.b")[:-3],
                question("x")[:12] + b"\x03\xff\xff\xff\0\0\1\0\1"]
)  # fmt: skip
def test_what_is_no_question_is_an_error(resolver: Resolver, message: bytes) -> None:
    """The conversation is over; nothing else happens."""
    with pytest.raises(ValueError, match="not a DNS question"):
        resolver.answer(message)
