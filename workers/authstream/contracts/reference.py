"""The reference pages of topics and record schemas, rendered from the code."""

from __future__ import annotations

from typing import Any, cast

from authstream.contracts.avro import RECORDS, fingerprint_of, schema_of
from authstream.contracts.markdown import code, page, plain, table
from authstream.contracts.topics import CATALOG, Topics


def topics_page() -> str:
    """`docs/reference/topics.md`."""
    prefix = Topics().prefix
    intro = (
        f"Names begin with the prefix of `AUTHSTREAM_PREFIX`, here `{prefix}`. `<action>` is a "
        "reversible, topic-safe form of the action's name. `authstream topics apply` creates them."
    )
    heads = ("topic", "what", "written by", "read by", "key", "value", "kept")
    rows = [
        (
            code(f"{prefix}.{spec.pattern}"),
            spec.description,
            plain(spec.written_by),
            plain(spec.read_by),
            plain(spec.key),
            spec.value,
            "for ever" if spec.retention is None else f"{spec.retention}".removesuffix(", 0:00:00"),
        )
        for spec in CATALOG
    ]
    return page("Topics", intro, table(heads, rows))


def schemas_page() -> str:
    """`docs/reference/schemas.md`."""
    intro = (
        "Records are written in Avro's single-object encoding: the bytes `C3 01`, the schema's "
        "CRC-64-AVRO fingerprint (8 bytes, little-endian), the body. Any Avro library reads them "
        "with the files in `schemas/`. Fields of the logical type `json` hold JSON text."
    )
    parts = [_record(schema_of(model), fingerprint_of(schema_of(model))) for model in RECORDS]
    return page("Record schemas", intro, *parts)


def _record(schema: dict[str, Any], fingerprint: bytes) -> str:
    name = schema["name"]
    rows = [
        (code(field["name"]), _type(field["type"]), _default(field)) for field in schema["fields"]
    ]
    head = f"## {name}\n\n{schema['doc']}\nFingerprint `{fingerprint.hex()}`.\n\n"
    return head + table(("field", "type", "default"), rows)


def _type(schema: Any) -> str:  # noqa: ANN401 - schemas are JSON
    if isinstance(schema, list):
        return f"{_type(schema[-1])}, or null"
    if not isinstance(schema, dict):
        return str(schema).removeprefix("authstream.")
    said = cast("dict[str, Any]", schema)
    if said["type"] == "array":
        return f"array of {_type(said['items'])}"
    return str(said.get("logicalType") or said.get("name") or said["type"])


def _default(field: dict[str, Any]) -> str:
    if "default" not in field:
        return "required"
    default = field["default"]
    return "its defaults" if isinstance(default, dict) else code(f"{default!r}")
