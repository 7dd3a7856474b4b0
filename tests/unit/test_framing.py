"""A public record's header, for a schema registry and back: the body stays as it is."""

from __future__ import annotations

import pytest

from authstream.broker.kafka_reader import unframed
from authstream.contracts import headers as h
from authstream.contracts.avro import decode, encode, fingerprint_of, schema_of
from authstream.contracts.envelope import Envelope
from authstream.contracts.framing import PUBLIC, Framing
from authstream.contracts.topics import CATALOG
from authstream.contracts.verdict import Verdict
from authstream.engine.ports import Message
from authstream.errors import UndecodableError
from tests.samples import envelope, verdict

NUMBER = 0x01020304
FRAMING = Framing({fingerprint_of(schema_of(Verdict)): NUMBER}, writes=True)
OWN = encode(verdict())


def read(value: bytes, *headers: tuple[str, bytes]) -> Message:
    """A record as a consumer hands it over."""
    return unframed(Message("t", 0, 0, b"k", value, headers, 0), FRAMING)


def test_the_header_is_a_zero_byte_and_the_id_big_endian() -> None:
    """Confluent's wire format; the body is the same."""
    framed = FRAMING.framed(OWN)
    assert framed == b"\0\x01\x02\x03\x04" + OWN[10:]
    assert FRAMING.plain(framed) == OWN


def test_what_is_framed_says_that_it_is_avro() -> None:
    """Whoever wrote it and whatever it said: our stages look at the content type."""
    framed = FRAMING.framed(OWN) or b""
    message = read(framed, (h.CONTENT_TYPE, b"application/octet-stream"), ("other", b"1"))
    assert message.headers == (("other", b"1"), (h.CONTENT_TYPE, h.AVRO_TYPE))
    assert decode(Verdict, message.value) == verdict()


def test_other_records_stay_as_they_are() -> None:
    """Internal ones, JSON, tombstones, and those already in our own framing."""
    internal = encode(envelope())
    for value in (internal, b'{"user": {}}', b"", None):
        assert FRAMING.framed(value) is value
        assert FRAMING.plain(value) is value
    assert read(OWN).headers == ()


def test_a_process_that_only_reads_writes_as_ever() -> None:
    """The first step of a rolling change."""
    reading = Framing(FRAMING.ids, writes=False)
    assert reading.framed(OWN) is OWN
    assert reading.plain(FRAMING.framed(OWN)) == OWN


def test_an_id_that_is_not_ours_is_refused_with_what_to_do() -> None:
    """As is every framed record where no registry is set."""
    stranger = b"\0\0\0\0\x63" + OWN[10:]
    assert FRAMING.plain(stranger) is stranger
    with pytest.raises(UndecodableError, match="AUTHSTREAM_SCHEMA_REGISTRY__URL"):
        decode(Verdict, stranger)


def test_public_topics_are_of_the_catalogue() -> None:
    """Each with the record that the catalogue names."""
    catalogue = {spec.pattern: spec.value for spec in CATALOG}
    for pattern, model in PUBLIC.items():
        assert f"authstream.{model.__name__}" in catalogue[pattern]
    assert Envelope not in PUBLIC.values()
