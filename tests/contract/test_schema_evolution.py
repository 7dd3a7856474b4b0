"""Old bytes stay readable, and old readers can read new bytes: over every schema ever released."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import fastavro
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from authstream.contracts import avro, render
from authstream.contracts.avro import MAGIC, RECORDS, decode, encode, fingerprint_of, schema_of
from authstream.contracts.envelope import Envelope
from authstream.contracts.golden import checkout
from authstream.contracts.model import Record
from authstream.contracts.older_release import missing, unsaid
from authstream.contracts.verdict import EffectOrder, TargetScopes
from authstream.errors import ConfigurationError, NotInReleaseError
from tests.records import records
from tests.samples import envelope, verdict

FOLDER = checkout() / render.RELEASED
HEADER = 10  # bytes before the body
Members = dict[str, Any]


def readers_and_writers() -> Iterator[Any]:
    """Each record with each of its released schemas, and with today's, which will be one."""
    for model in RECORDS:
        yield pytest.param(model, schema_of(model), id=f"{model.__name__}-today")
        for file in sorted(FOLDER.glob(f"{model.__name__}-*.avsc")):
            yield pytest.param(model, json.loads(file.read_text()), id=file.stem)


def read_under(schema: Any, model: type[Record], value: bytes) -> Members:
    """The members that a reader with another schema gets out of today's bytes."""
    body = io.BytesIO(value[HEADER:])
    reader = fastavro.parse_schema(avro.without_logical_types(schema))
    writer = fastavro.parse_schema(avro.without_logical_types(schema_of(model)))
    return cast("Members", fastavro.schemaless_reader(body, writer, reader))


def written_under(schema: Any, members: Members) -> bytes:
    """The bytes of a writer with another schema."""
    out = io.BytesIO(MAGIC + fingerprint_of(schema))
    out.seek(HEADER)
    plain = fastavro.parse_schema(avro.without_logical_types(schema))
    fastavro.schemaless_writer(out, plain, members)
    return out.getvalue()


@pytest.mark.parametrize(("model", "schema"), list(readers_and_writers()))
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_released_schema_is_readable_both_ways(
    model: type[Record], schema: Any, data: st.DataObject
) -> None:
    """A reader of an old release reads today's bytes, and we read what an old release wrote."""
    record = data.draw(records(model))
    as_the_old_one_sees_it = read_under(schema, model, encode(record))
    again = decode(model, written_under(schema, as_the_old_one_sees_it))
    assert read_under(schema, model, encode(again)) == as_the_old_one_sees_it


@pytest.fixture
def wider(monkeypatch: pytest.MonkeyPatch) -> Members:
    """Tomorrow's envelope: one more optional field, in a version that we know of."""
    fields = [*schema_of(Envelope)["fields"]]
    fields.append({"name": "tomorrow", "type": ["null", "string"], "default": None})
    schema = {**schema_of(Envelope), "fields": fields}
    parsed = fastavro.parse_schema(avro.without_logical_types(schema))
    known = {**avro.released(), fingerprint_of(schema): parsed}
    monkeypatch.setattr(avro, "released", lambda: known)
    return schema


def test_one_more_optional_field_does_not_disturb_an_older_reader(wider: Members) -> None:
    """Bytes with a field of tomorrow are today's record."""
    members = {**envelope().model_dump(context="avro"), "tomorrow": "news"}
    assert decode(Envelope, written_under(wider, members)) == envelope()


def test_one_more_optional_field_is_absent_in_older_bytes(wider: Members) -> None:
    """Tomorrow's reader finds the default in today's bytes."""
    assert read_under(wider, Envelope, encode(envelope()))["tomorrow"] is None


def test_a_released_schema_is_never_edited() -> None:
    """Each released file is what its fingerprint and the list of sums say, and all are listed."""
    sums = FOLDER / Path(render.SUMS).name
    lines = sums.read_text().splitlines() if sums.exists() else []
    listed = {name: total for total, name in (line.split("  ") for line in lines)}
    files = sorted(FOLDER.glob("*.avsc"))
    assert {file.name: render.checksum(file) for file in files} == listed
    for file in files:
        name, _, fingerprint = file.stem.partition("-")
        schema = json.loads(file.read_text())
        assert (schema["name"], fingerprint_of(schema).hex()) == (name, fingerprint)


@pytest.fixture
def as_of_old() -> Iterator[None]:
    """Records are written as the first release did."""
    avro.write_as("0.1.0")
    yield
    avro.write_as("")


@pytest.mark.usefixtures("as_of_old")
@pytest.mark.parametrize("model", RECORDS)
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_records_can_be_written_as_an_older_release_reads_them(
    model: type[Record], data: st.DataObject
) -> None:
    """Under its schema where it has one, so that it needs to know no other; we read them too."""
    record = sayable(data.draw(records(model)))
    value = encode(record)
    released = {file.stem.partition("-")[0] for file in FOLDER.glob("*.avsc")}
    kept = {bytes.fromhex(file.stem.partition("-")[2]) for file in FOLDER.glob("*.avsc")}
    assert (value[len(MAGIC) : HEADER] in kept) == (model.__name__ in released)
    assert encode(decode(model, value)) == value


def sayable(record: Record) -> Record:
    """The record without what the older release cannot say, which is refused each time."""
    fields = missing(avro.schema_of(type(record)), older_schema(type(record)))
    while (name := unsaid(record, fields)) is not None:
        with pytest.raises(NotInReleaseError, match=name):
            encode(record)
        record = without(record, *name.split("."))
    return record


def older_schema(model: type[Record]) -> dict[str, object]:
    """That of the first release, or today's where it had none."""
    files = sorted(FOLDER.glob(f"{model.__name__}-*.avsc"))
    return cast("Members", json.loads(files[0].read_text())) if files else schema_of(model)


def without(record: Record, owner: str, field: str) -> Record:
    """The record with a field of it, or of what is in it, at its default."""
    changed: Members = {}
    if type(record).__name__ == owner:
        changed[field] = type(record).model_fields[field].get_default(call_default_factory=True)
    for name, value in vars(record).items():
        if isinstance(value, tuple) and name not in changed:
            inner = cast("tuple[object, ...]", value)
            changed[name] = tuple(
                without(one, owner, field) if isinstance(one, Record) else one for one in inner
            )
    return record.model_copy(update=changed)


@pytest.mark.usefixtures("as_of_old")
@pytest.mark.parametrize(
    "said",
    [
        {"state": "s", "outcome": "suspended"},
        {"target_scopes": TargetScopes(scopes=("read",))},
        {"effects": (EffectOrder(id="e", kind="log", action="a", payload={}, delay_ms=1000),)},
    ],
)
def test_what_an_older_release_cannot_say_is_refused_not_dropped(said: dict[str, object]) -> None:
    """A machine's removed scope that is left out would be a scope more."""
    with pytest.raises(NotInReleaseError, match="AUTHSTREAM_WRITE_AS"):
        encode(verdict(**said))


def test_a_release_that_never_was_is_refused() -> None:
    """With those that there are."""
    with pytest.raises(ConfigurationError, match=r"the releases are 0\.1\.0"):
        avro.write_as("0.0.9")


def test_a_release_keeps_each_schema_once(tmp_path: Path) -> None:
    """Releasing again without a change adds nothing, so the list of sums stays right."""
    (tmp_path / render.RELEASED).mkdir(parents=True)
    assert len(render.release(tmp_path, "7.8.9")) == len(RECORDS)
    before = (tmp_path / render.SUMS).read_text()
    assert render.release(tmp_path, "7.8.9") == []
    assert (tmp_path / render.SUMS).read_text() == before
