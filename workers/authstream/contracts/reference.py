"""The reference pages of topics, record schemas and the action api, rendered from the code."""

from __future__ import annotations

from typing import Any, cast

from authstream.contracts.api import METHODS, Method, Parameter, python_path
from authstream.contracts.avro import RECORDS, fingerprint_of, schema_of
from authstream.contracts.markdown import code, page, table
from authstream.contracts.topics import CATALOG, Topics

_KINDS = (
    "A **command** is recorded and becomes part of the verdict; a **query** is answered by the "
    "host; a **local** method is answered inside the action's own process. In JavaScript the "
    "methods are called as Auth0 spells them, in Python in snake_case. A call with an argument "
    "outside its limits throws."
)
_FORMS = {
    "min_length": "at least {} characters",
    "max_length": "at most {} characters",
    "max_bytes": "at most {} bytes",
    "minimum": "at least {}",
    "maximum": "at most {}",
    "pattern": "matches `{}`",
}


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
            spec.written_by,
            spec.read_by,
            spec.key,
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


def api_page() -> str:
    """`docs/reference/api.md`."""
    return page("The action api", _KINDS, *(_method(method) for method in METHODS))


def _method(method: Method) -> str:
    names = ", ".join(
        f"{parameter.name}?" if parameter.optional else parameter.name
        for parameter in method.parameters
    )
    python = python_path(method.path)
    triggers = ", ".join(code(trigger) for trigger in sorted(method.triggers))
    said = f"Python: `api.{python}`. Kind: {method.kind}. Triggers: {triggers}."
    lines = [f"## {method.path}({names})", said, *_notes(method)]
    if method.parameters:
        lines.append(table(("parameter", "type", "limits"), _parameters(method.parameters)))
    return "\n\n".join(lines)


def _notes(method: Method) -> list[str]:
    notes: list[str] = []
    if method.object_form:
        notes.append("Also takes one object: each of its members is set.")
    if method.effect is not None:
        seen = "this and later actions" if method.effect.at_once else "later actions"
        total = method.effect.max_total_bytes
        limit = f" At most {total} bytes in all." if total else ""
        notes.append(f"{seen.capitalize()} see it in `event.{method.effect.path}`.{limit}")
    return notes


def _parameters(parameters: tuple[Parameter, ...], within: str = "") -> list[tuple[str, str, str]]:
    rows: list[tuple[str, str, str]] = []
    for parameter in parameters:
        name = f"{within}{parameter.name}"
        types = " or ".join(parameter.types) or "any JSON value"
        rows.append((code(name), types, _limits(parameter)))
        rows += _parameters(parameter.members, f"{name}.")
    return rows


def _limits(parameter: Parameter) -> str:
    said = ["optional"] if parameter.optional else []
    said += [
        form.format(value)
        for member, form in _FORMS.items()
        if (value := getattr(parameter, member)) is not None
    ]
    if parameter.enum:
        said.append(f"one of {', '.join(code(value) for value in parameter.enum)}")
    if parameter.safe:
        said.append("a safe number")
    said += [f"not {code(forbidden.value)}" for forbidden in parameter.forbidden]
    return "; ".join(said)
