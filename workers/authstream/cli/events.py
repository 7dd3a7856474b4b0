"""Reads event files that commands are given."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, cast

import orjson

from authstream.contracts.api import trigger_id
from authstream.engine.trigger import Trigger
from authstream.errors import ConfigurationError

_DIGEST_CHARACTERS = 32


def read_event(file: Path, trigger: Trigger) -> bytes:
    """The bytes of a valid event. Raises ConfigurationError, InvalidEventError."""
    value = _read(file, "one JSON event")
    trigger.parse(value)
    return value


def read_object(file: Path) -> dict[str, Any]:
    """A JSON object. Raises ConfigurationError."""
    try:
        value = orjson.loads(_read(file, "one JSON object"))
    except orjson.JSONDecodeError as error:
        raise ConfigurationError(f"{file} is not JSON ({error}): correct it") from None
    if not isinstance(value, dict):
        raise ConfigurationError(f"{file} is not a JSON object: put members of an event into one")
    return cast("dict[str, Any]", value)


def _read(file: Path, what: str) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise ConfigurationError(
            f"{file} cannot be read ({error.strerror}): give a file with {what}"
        ) from error


def event_id(value: bytes, given: str | None) -> str:
    """The id to publish under: the one given, else the event's transaction id, else its digest."""
    members: dict[str, Any] = orjson.loads(value)
    transaction: dict[str, Any] = members.get("transaction") or {}
    named: str | None = given or transaction.get("id")
    return named or hashlib.sha256(value).hexdigest()[:_DIGEST_CHARACTERS]


def known_trigger(name: str, triggers: dict[str, Trigger]) -> Trigger:
    """A trigger by either spelling. Raises ConfigurationError that lists those there are."""
    known = triggers.get(trigger_id(name))
    if known is None:
        raise ConfigurationError(f"no trigger {name!r}; there are {', '.join(sorted(triggers))}")
    return known
