"""Durations as people write them in YAML: `500ms`, `3s`, `2m`."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator

from authstream.errors import ConfigurationError

_UNITS = {
    "ms": timedelta(milliseconds=1),
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
}
_FORM = re.compile(r"(\d+)(ms|s|m|h)")


def parse(text: object) -> object:
    """A duration from text; anything else goes on to pydantic.

    Raises ValueError for another form.
    """
    if not isinstance(text, str):
        if isinstance(text, timedelta):
            return text
        msg = "give a number with a unit, e.g. 500ms, 3s or 2m"
        raise ValueError(msg)
    match = _FORM.fullmatch(text.strip())
    if match is None:
        msg = f"{text!r} is no duration: write e.g. 500ms, 3s or 2m"
        raise ValueError(msg)
    return int(match[1]) * _UNITS[match[2]]


Duration = Annotated[timedelta, BeforeValidator(parse)]


def duration(text: str) -> timedelta:
    """A duration that somebody gave. Raises ConfigurationError."""
    try:
        found = parse(text)
    except ValueError as error:
        raise ConfigurationError(f"{error}") from None
    return found if isinstance(found, timedelta) else timedelta(0)
