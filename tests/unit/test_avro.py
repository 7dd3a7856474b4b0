"""Single-object encoding: what goes on the wire, and what bytes may never do."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authstream.contracts.avro import (
    MAGIC,
    RECORDS,
    decode,
    encode,
    fingerprint_of,
    model_of,
    schema_of,
)
from authstream.contracts.budgets import RECORD_BYTES
from authstream.contracts.envelope import Envelope
from authstream.contracts.model import Record
from authstream.contracts.verdict import Verdict
from authstream.errors import TooLargeError, UndecodableError, UnknownSchemaError
from tests.records import records
from tests.samples import command, envelope, step, verdict

#: From share/test/data/schema-tests.txt of the Avro project, as unsigned numbers.
KNOWN = {"null": 0x63DD24E7CC258F8A, "boolean": 0x9F42FC78A4D4F764, "int": 0x7275D51A3F395C8F}
FULL = envelope(command("access.deny", "no"), steps=(step("crm"), step("claims")))


@pytest.mark.parametrize(("schema", "number"), KNOWN.items())
def test_a_fingerprint_is_that_of_the_avro_specification(schema: str, number: int) -> None:
    """CRC-64-AVRO of the parsing canonical form, little-endian on the wire."""
    assert fingerprint_of(schema) == number.to_bytes(8, "little")


def test_a_record_begins_with_the_marker_and_its_fingerprint() -> None:
    """`C3 01`, then the writer's schema: the header of a single-object encoding."""
    value = encode(FULL)
    assert value[:2] == b"\xc3\x01" == MAGIC
    assert value[2:10] == fingerprint_of(schema_of(Envelope))


@pytest.mark.parametrize("model", RECORDS)
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_a_record_comes_back_as_it_was(model: type[Record], data: st.DataObject) -> None:
    """Decoding what was encoded gives the same record, whatever is in it."""
    record = data.draw(records(model))
    assert decode(model, encode(record)) == record
    assert model_of(encode(record)) is model


def test_bytes_that_end_too_early_are_undecodable() -> None:
    """Cut anywhere, a record is refused, never half read."""
    value = encode(FULL)
    for length in range(len(value)):
        with pytest.raises(UndecodableError):
            decode(Envelope, value[:length])


def test_bytes_that_go_on_are_undecodable() -> None:
    """What follows after a record is no part of it, so the whole is none."""
    with pytest.raises(UndecodableError, match="2 bytes follow"):
        decode(Envelope, encode(FULL) + b"xx")


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_damaged_bytes_raise_nothing_but_undecodable(data: st.DataObject) -> None:
    """Any bytes in place of others give a record or an UndecodableError."""
    value = bytearray(encode(FULL))
    for place in data.draw(st.lists(st.integers(10, len(value) - 1), min_size=1, max_size=4)):
        value[place] = data.draw(st.integers(0, 255))
    with contextlib.suppress(UndecodableError):
        decode(Envelope, bytes(value))


@given(value=st.none() | st.binary(max_size=40))
def test_foreign_bytes_are_undecodable(value: bytes | None) -> None:
    """No value, JSON, or anything else without the marker is refused."""
    with pytest.raises(UndecodableError):
        decode(Envelope, value)


def test_a_record_of_another_kind_is_undecodable() -> None:
    """A verdict on a topic of envelopes is refused, although its schema is known."""
    with pytest.raises(UndecodableError):
        decode(Envelope, encode(verdict()))


def test_a_schema_never_released_is_named() -> None:
    """The fingerprint is in the message, with what to do."""
    value = MAGIC + bytes(range(8)) + b"body"
    with pytest.raises(UnknownSchemaError, match=r"0001020304050607.*upgrade"):
        decode(Envelope, value)
    with pytest.raises(UnknownSchemaError, match="0001020304050607"):
        model_of(value)


def test_a_record_over_its_budget_is_refused_where_it_is_made() -> None:
    """No record ever reaches a broker that would refuse it."""
    with pytest.raises(TooLargeError, match="Envelope"):
        encode(envelope(event=b"x" * RECORD_BYTES))


def test_json_members_keep_their_types() -> None:
    """Claims are JSON text in Avro, so numbers, booleans and null stay what they are."""
    members = {"n": 1, "f": 1.5, "b": True, "none": None, "list": [1, "2"], "o": {"ü": "ß"}}
    said = verdict(claims={"id_token": members})
    assert decode(Verdict, encode(said)).claims.id_token == members


def test_a_model_with_a_type_that_avro_does_not_know_is_refused() -> None:
    """The mapping covers what records use; anything else is an error at once."""

    class Odd(Record):
        """Has a set."""

        tags: set[Any]

    with pytest.raises(TypeError, match="no Avro shape"):
        schema_of(Odd)
