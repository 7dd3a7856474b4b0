"""Our own writer of Avro against fastavro's: the same bytes, whatever is in a record."""

from __future__ import annotations

import io
from functools import cache
from typing import cast

import fastavro
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from authstream.contracts.avro import RECORDS, encode, schema_of, without_logical_types
from authstream.contracts.avro_writer import Schema, writer
from authstream.contracts.model import Record
from tests.records import records

LONGS = st.one_of(
    st.integers(-(2**63), 2**63 - 1),
    *(st.integers(2**bits - 2, 2**bits + 1) for bits in range(1, 62)),
)


def of_library(schema: Schema, value: object) -> bytes:
    """What fastavro writes."""
    out = io.BytesIO()
    fastavro.schemaless_writer(out, schema, value)
    return out.getvalue()


@cache
def known(model: type[Record]) -> Schema:
    """As the library wants a schema."""
    return fastavro.parse_schema(without_logical_types(schema_of(model)))


def ours(schema: object, value: object) -> bytes:
    """What we write."""
    parts: list[bytes] = []
    writer(schema)(value, parts.append)
    return b"".join(parts)


def plain(value: object) -> object:
    """A record as the library takes it; a JSON object is text on the wire."""
    match value:
        case BaseModel():
            return {name: plain(member) for name, member in value}
        case tuple():
            return list(map(plain, cast("tuple[object, ...]", value)))
        case dict():
            return orjson.dumps(value).decode()
        case _:
            return value


@pytest.mark.parametrize("model", RECORDS)
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_a_record_is_written_as_by_the_library(model: type[Record], data: st.DataObject) -> None:
    """Byte for byte, after the header of a single-object encoding."""
    record = data.draw(records(model))
    assert encode(record)[10:] == of_library(known(model), plain(record))


@settings(max_examples=300, deadline=None)
@given(number=LONGS)
def test_a_long_is_written_as_by_the_library(number: int) -> None:
    """Every width, both signs."""
    assert ours("long", number) == of_library("long", number)


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1, 2**80])
def test_a_number_that_no_long_holds_is_refused(number: int) -> None:
    """Nobody could read it back."""
    with pytest.raises(OverflowError, match="64 bits"):
        ours("long", number)


@pytest.mark.parametrize("schema", [["string", "null"], ["null", "string", "long"], "float"])
def test_a_schema_that_no_model_has_is_refused(schema: object) -> None:
    """Rather than written in a way that nobody tried."""
    with pytest.raises((KeyError, TypeError)):
        writer(schema)
