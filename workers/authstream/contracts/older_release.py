"""What records cannot say under the schemas of an older release, and what of it decides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import cast

from authstream.contracts.model import Record

Schema = dict[str, object]
#: Fields of a record by its name.
Fields = Mapping[str, frozenset[str]]

#: Nothing is decided by these: they tell of a login, or have a default on the safe side.
BOOKKEEPING: Fields = {
    "Effect": frozenset({"subject"}),
    "Envelope": frozenset({"client", "event_sha256", "interactive", "secretive"}),
    "Run": frozenset({"leg", "owner", "queued_at", "thrown"}),
    "Execution": frozenset(
        {
            *("client", "commands", "cut", "deadline_at", "event_sha256", "failed_by", "late"),
            *("subject", "verdict"),
        }
    ),
}


def missing(today: object, older: object) -> Fields:
    """The fields of a schema and of the records in it that the older one has not."""
    before = dict(_records(older))
    found: dict[str, frozenset[str]] = {}
    for name, fields in _records(today):
        lacking = fields - before.get(name, fields) - BOOKKEEPING.get(name, frozenset())
        if lacking:
            found[name] = lacking
    return found


def unsaid(record: Record, fields: Fields) -> str | None:
    """The first of these fields that says more than its default, e.g. `Verdict.state`."""
    model = type(record)
    for name in sorted(fields.get(model.__name__, ())):
        if getattr(record, name) != model.model_fields[name].get_default(
            call_default_factory=True, validated_data={}
        ):
            return f"{model.__name__}.{name}"
    for value in vars(record).values():
        inner = cast("tuple[object, ...]", value) if isinstance(value, tuple) else (value,)
        for one in inner:
            if isinstance(one, Record) and (found := unsaid(one, fields)) is not None:
                return found
    return None


def _records(schema: object) -> Iterator[tuple[str, frozenset[str]]]:
    """Each record in a schema: its name without a namespace, and its fields."""
    if isinstance(schema, dict):
        said = cast("Schema", schema)
        if said.get("type") == "record":
            fields = cast("list[Schema]", said["fields"])
            name = f"{said['name']}".rpartition(".")[2]
            yield name, frozenset(f"{field['name']}" for field in fields)
        for value in said.values():
            yield from _records(value)
    elif isinstance(schema, list):
        for value in cast("list[object]", schema):
            yield from _records(value)
