"""The frozen pydantic model that every record is made of, and the field types that Avro knows."""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from pydantic import BaseModel, BeforeValidator, ConfigDict


class AvroType:
    """Names the Avro type of an annotated field where the Python type alone does not say it."""

    def __init__(self, schema: str | dict[str, str]) -> None:
        self.schema = schema


def _from_text(value: object) -> object:
    return orjson.loads(value) if isinstance(value, str | bytes) else value


#: Milliseconds since 1970-01-01 UTC, as Kafka timestamps are.
EpochMillis = Annotated[int, AvroType({"type": "long", "logicalType": "timestamp-millis"})]
#: A JSON object; JSON text in Avro, so that any value keeps its type in any language.
JsonObject = Annotated[
    dict[str, Any],
    BeforeValidator(_from_text),
    AvroType({"type": "string", "logicalType": "json"}),
]


class Record(BaseModel):
    """Base of every record model: frozen, and unknown members are an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_bytes="utf8")
