"""Shows a record to people: headers as text, the body decoded where it can be."""

from __future__ import annotations

from typing import Any

import orjson

from authstream.contracts import headers as h
from authstream.contracts.avro import MAGIC, decode, model_of
from authstream.engine.ports import Message
from authstream.errors import RecordError


def readable(message: Message) -> dict[str, Any]:
    """A record as JSON-ready data."""
    return {
        "topic": message.topic,
        "partition": message.partition,
        "offset": message.offset,
        "key": _text(message.key),
        "timestamp": message.timestamp,
        "headers": {
            name: _text(value) for name, value in message.headers if name not in h.TRACE_CONTEXT
        },
        "value": body(message.value),
    }


def body(value: bytes | None) -> Any:  # noqa: ANN401 - any JSON value
    """A body as JSON-ready data: one of our records, a JSON document, or text."""
    if value is None:
        return None
    if value[:2] == MAGIC:
        try:
            return decode(model_of(value), value).model_dump(mode="json")
        except RecordError:
            return value.hex()
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:
        return _text(value)


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode(errors="replace")
