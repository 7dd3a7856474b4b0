"""Avro schemas derived from the record models, and single-object encoding of records.

Wire form: `C3 01`, the 8-byte little-endian CRC-64-AVRO fingerprint of the writer's schema, the
body (Avro 1.11 specification, "Single-object encoding"). Any Avro library reads it; no registry is
needed.
"""

from __future__ import annotations

import builtins
import io
import json
import types
import typing
from functools import cache
from importlib import resources
from typing import Any, TypeVar, cast

import fastavro
from fastavro.read import SchemaResolutionError
from fastavro.schema import fingerprint, to_parsing_canonical_form
from pydantic import BaseModel

from authstream.contracts.answer import Answered
from authstream.contracts.avro_writer import Schema, Write, writer
from authstream.contracts.budgets import RECORD_BYTES
from authstream.contracts.control import ControlRecord
from authstream.contracts.effect import Effect, EffectDone, MetadataPatch, PatchDone
from authstream.contracts.envelope import Envelope
from authstream.contracts.execution import Execution
from authstream.contracts.login_event import LoginEvent
from authstream.contracts.model import AvroType, Record
from authstream.contracts.older_release import Fields, missing, unsaid
from authstream.contracts.redelivery import Redelivery
from authstream.contracts.resume import Resume
from authstream.contracts.verdict import Verdict
from authstream.errors import (
    ConfigurationError,
    NotInReleaseError,
    TooLargeError,
    UndecodableError,
    UnknownSchemaError,
)

MAGIC = b"\xc3\x01"
HEADER_BYTES = 10
#: What the library and the models raise on bytes that are not what their schema says.
_BROKEN = (
    SchemaResolutionError,
    ValueError,  # a ValidationError and a UnicodeDecodeError are one
    EOFError,
    LookupError,
    TypeError,
    StopIteration,
    ArithmeticError,
    AssertionError,
    RecursionError,
    MemoryError,
)
_NAMESPACE = "authstream"
_PRIMITIVES: dict[object, str] = {
    str: "string",
    int: "long",
    float: "double",
    bool: "boolean",
    bytes: "bytes",
}
#: Every record model that goes on the wire by itself.
RECORDS: tuple[type[Record], ...] = (
    Envelope,
    Verdict,
    Effect,
    EffectDone,
    MetadataPatch,
    PatchDone,
    Execution,
    LoginEvent,
    ControlRecord,
    Answered,
    Resume,
    Redelivery,
)

R = TypeVar("R", bound=Record)


def _field_type(annotation: Any, metadata: list[Any], seen: set[str]) -> Schema:  # noqa: ANN401 - typing forms have no common type
    for marker in metadata:
        if isinstance(marker, AvroType):
            return marker.schema
    if annotation in _PRIMITIVES:
        return _PRIMITIVES[annotation]
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return _record(annotation, seen)
    return _generic_type(annotation, seen)


def _generic_type(annotation: Any, seen: set[str]) -> Schema:  # noqa: ANN401 - as _field_type
    match typing.get_origin(annotation), typing.get_args(annotation):
        case (typing.Literal, _):
            return "string"
        case (typing.Annotated, (inner, *marks)):
            return _field_type(inner, marks, seen)
        case (typing.Union | types.UnionType, (inner, types.NoneType)):
            return ["null", _field_type(inner, [], seen)]
        case (builtins.tuple, (item, builtins.Ellipsis)):
            return {"type": "array", "items": _field_type(item, [], seen)}
        case _:
            raise TypeError(
                f"no Avro shape for {annotation!r}: use one of the types that contracts/model.py "
                "names"
            )


def _default(model: type[BaseModel], name: str) -> dict[str, Any]:
    field = model.model_fields[name]
    if field.is_required():
        return {}
    value = field.get_default(call_default_factory=True)
    return {"default": _plain(value)}


def _plain(value: object) -> object:
    if isinstance(value, BaseModel):
        return {name: _plain(member) for name, member in value}
    if isinstance(value, dict):
        return "{}"
    if isinstance(value, bytes):
        return value.decode()
    return list(cast("tuple[object, ...]", value)) if isinstance(value, tuple) else value


def _record(model: type[BaseModel], seen: set[str]) -> Schema:
    if model.__name__ in seen:
        return f"{_NAMESPACE}.{model.__name__}"
    seen.add(model.__name__)
    fields = [
        {
            "name": name,
            "type": _field_type(field.annotation, field.metadata, seen),
            **_default(model, name),
        }
        for name, field in model.model_fields.items()
    ]
    doc = (model.__doc__ or "").strip().split("\n")[0]
    return {
        "type": "record",
        "name": model.__name__,
        "namespace": _NAMESPACE,
        "doc": doc,
        "fields": fields,
    }


@cache
def schema_of(model: type[Record]) -> Schema:
    """The Avro schema of a record model, as JSON-ready members.

    Raises TypeError on an unmapped type.
    """
    return _record(model, set())


def fingerprint_of(schema: Schema) -> bytes:
    """The 8 bytes that stand for a schema on the wire: CRC-64-AVRO, little-endian (Avro 1.11)."""
    digest = fingerprint(to_parsing_canonical_form(schema), "CRC-64-AVRO")
    return bytes.fromhex(digest)


def without_logical_types(schema: object) -> Schema:
    """The same wire form read as plain numbers and text: datetimes cost more than they give."""
    if isinstance(schema, dict):
        said = cast("dict[str, Schema]", schema)
        members = {
            key: without_logical_types(value) for key, value in said.items() if key != "logicalType"
        }
        return members["type"] if set(members) == {"type"} else members
    if isinstance(schema, list):
        return list(map(without_logical_types, cast("list[object]", schema)))
    return schema


def without_docs(schema: object) -> Schema:
    """The same schema whatever its descriptions say: a word more makes no other schema."""
    if isinstance(schema, dict):
        said = cast("dict[str, Schema]", schema)
        return {key: without_docs(value) for key, value in said.items() if key != "doc"}
    if isinstance(schema, list):
        return list(map(without_docs, cast("list[object]", schema)))
    return schema


@cache
def _reader(model: type[Record]) -> tuple[Schema, bytes]:
    schema = schema_of(model)
    return fastavro.parse_schema(without_logical_types(schema)), MAGIC + fingerprint_of(schema)


@cache
def _writer(model: type[Record]) -> tuple[Write, bytes]:
    schema = schema_of(model)
    return writer(schema), MAGIC + fingerprint_of(schema)


def known_schemas() -> list[Schema]:
    """Every schema ever released, oldest first, then those of this version."""
    folder = resources.files("authstream.contracts.released")
    releases: dict[str, list[str]] = json.loads(folder.joinpath("releases.json").read_text())
    files = dict.fromkeys(file for release in releases.values() for file in release)
    schemas = [json.loads(folder.joinpath(file).read_text()) for file in files]
    return schemas + [schema_of(model) for model in RECORDS]


@cache
def released() -> dict[bytes, Schema]:
    """Every schema ever released, by fingerprint, plus those of this version."""
    return {
        fingerprint_of(schema): fastavro.parse_schema(without_logical_types(schema))
        for schema in known_schemas()
    }


#: Schemas of an older release, while processes of that release read what this one writes.
_older: dict[type[Record], tuple[Write, bytes, Fields]] = {}


def write_as(release: str) -> None:
    """Write records under the schemas of an older release from now on; empty: under today's.

    What that release has no schema for is written as ever: it does not read it. Raises
    ConfigurationError for a release that never was.
    """
    _older.clear()
    if not release:
        return
    folder = resources.files("authstream.contracts.released")
    there: dict[str, list[str]] = json.loads(folder.joinpath("releases.json").read_text())
    if release not in there:
        known = ", ".join(there)
        raise ConfigurationError(f"AUTHSTREAM_WRITE_AS is {release!r}: the releases are {known}")
    schemas = {
        schema["name"]: schema
        for schema in (json.loads(folder.joinpath(file).read_text()) for file in there[release])
    }
    for model in RECORDS:
        if (schema := schemas.get(model.__name__)) is not None:
            fields = missing(schema_of(model), schema)
            _older[model] = writer(schema), MAGIC + fingerprint_of(schema), fields


def encode(record: Record) -> bytes:
    """Single-object encoding of a record.

    Raises TooLargeError over the budget of a record, NotInReleaseError for what the older release
    that is written cannot say.
    """
    write, header = _writer_of(record)
    parts = [header]
    write(record, parts.append)
    value = b"".join(parts)
    if len(value) > RECORD_BYTES:
        raise TooLargeError(
            f"{type(record).__name__} is {len(value)} bytes, over the budget of {RECORD_BYTES}: "
            "send less data"
        )
    return value


def _writer_of(record: Record) -> tuple[Write, bytes]:
    older = _older.get(type(record))
    if older is None:
        return _writer(type(record))
    write, header, fields = older
    if (name := unsaid(record, fields)) is not None:
        raise NotInReleaseError(
            f"{name} cannot be written for the release that AUTHSTREAM_WRITE_AS names: what it says"
            " is new, and works once the setting is gone"
        )
    return write, header


def decode(model: type[R], value: bytes | None) -> R:
    """The record in a single-object encoding, whatever released schema wrote it.

    Raises UndecodableError for bytes that are no such record, UnknownSchemaError for a schema never
    released.
    """
    reader, header = _reader(model)
    if value is None or value[:2] != MAGIC:
        raise UndecodableError(_not_ours(model, value))
    writer = reader if value[:HEADER_BYTES] == header else released().get(value[2:HEADER_BYTES])
    if writer is None:
        schema_id = value[2:HEADER_BYTES].hex()
        raise UnknownSchemaError(
            f"schema {schema_id} of a {model.__name__} is unknown: upgrade this worker first"
        )
    body = io.BytesIO(value)
    body.seek(HEADER_BYTES)
    try:
        members = fastavro.schemaless_reader(body, writer, None if writer is reader else reader)
        record = model.model_validate(cast("dict[str, Any]", members))
    except _BROKEN as error:
        msg = f"the bytes of a {model.__name__} do not match their schema ({type(error).__name__})"
        raise UndecodableError(msg) from error
    if body.tell() < len(value):
        raise UndecodableError(f"{len(value) - body.tell()} bytes follow after a {model.__name__}")
    return record


def _not_ours(model: type[Record], value: bytes | None) -> str:
    if value is not None and value[:1] == b"\0":
        return (
            f"a {model.__name__} that is framed for a schema registry, under an id that is none of "
            "ours: set AUTHSTREAM_SCHEMA_REGISTRY__URL, and write with a schema registered there"
        )
    return f"not an Avro single-object encoded {model.__name__}: expected the bytes C3 01 first"


def model_of(value: bytes) -> type[Record]:
    """The record model whose schema wrote these bytes. Raises UnknownSchemaError."""
    writer = released().get(value[2:HEADER_BYTES])
    for model in RECORDS:
        if writer is not None and writer["name"] == f"{_NAMESPACE}.{model.__name__}":
            return model
    raise UnknownSchemaError(
        f"schema {value[2:HEADER_BYTES].hex()} is unknown: upgrade this command first"
    )
