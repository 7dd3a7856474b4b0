"""Keyword replacement of auth0-deploy-cli: `##KEY##` is a text, `@@KEY@@` a JSON value."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import yaml

from authstream.errors import ConfigurationError

#: Where a configuration file of auth0-deploy-cli has them.
MAPPINGS = "AUTH0_KEYWORD_REPLACE_MAPPINGS"
_TEXT = re.compile(r"##([A-Za-z0-9_.-]+)##")
_VALUE = re.compile(r"""(?P<quote>['"]?)@@(?P<key>[A-Za-z0-9_.-]+)@@(?P=quote)""")


@dataclass(frozen=True, slots=True)
class Keywords:
    """What keywords stand for."""

    values: Mapping[str, Any] = field(default_factory=dict[str, Any], repr=False)

    def replaced(self, text: str) -> str:
        """A text with the keywords that have a value; quotes around `@@KEY@@` go with it.

        `@@KEY@@` without a value is put in quotes, so that JSON and YAML can be read.
        """
        return _TEXT.sub(self._text, _VALUE.sub(self._value, text))

    def replaced_code(self, code: str) -> str:
        """Code with the keywords that have a value, and otherwise as it is."""
        return _TEXT.sub(self._text, _VALUE.sub(self._known_value, code))

    def _text(self, found: re.Match[str]) -> str:
        value = self.values.get(found[1], found[0])
        return value if isinstance(value, str) else json.dumps(value)

    def _known_value(self, found: re.Match[str]) -> str:
        return self._value(found) if found["key"] in self.values else found[0]

    def _value(self, found: re.Match[str]) -> str:
        key = found["key"]
        return json.dumps(self.values.get(key, f"@@{key}@@"))


def open_keywords(text: str) -> list[str]:
    """The keywords that are still in a text, sorted."""
    return sorted({*_TEXT.findall(text), *(key for _, key in _VALUE.findall(text))})


def read_keywords(file: Path) -> dict[str, Any]:
    """Keywords from a JSON or YAML object, or from a deploy-cli configuration file.

    Raises ConfigurationError.
    """
    try:
        members = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigurationError(
            f"{file} cannot be read ({type(error).__name__}): give a JSON or YAML file of keywords"
        ) from None
    if isinstance(members, dict):
        found = cast("dict[str, Any]", members)
        inner = found.get(MAPPINGS, found)
        if isinstance(inner, dict):
            return cast("dict[str, Any]", inner)
    raise ConfigurationError(f"{file} is no object of keywords: write KEY: value lines")
