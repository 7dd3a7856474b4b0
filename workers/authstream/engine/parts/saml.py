"""The SAML response: attributes and configuration."""

from __future__ import annotations

from typing import Any

import orjson

from authstream.contracts.api.saml import ATTRIBUTE_CHANGES, ATTRIBUTES_BYTES, METHODS
from authstream.engine.part import Call, Leg, Members, Part, command

_SET = "samlResponse.set"
_ATTRIBUTE = f"{_SET}Attribute"
#: One field each, e.g. `samlResponse.setAudience`: the last value counts.
_FIELDS = tuple(method.path for method in METHODS if method.path != _ATTRIBUTE)


class SamlResponse(Part):
    """`saml`.

    `attributes` by name, where a null removes one; `configuration` in Auth0's spelling, e.g.
    `audience`, `signatureAlgorithm`.
    """

    gives = ("saml",)

    def __init__(self, leg: Leg) -> None:
        super().__init__(leg)
        self._changes = 0
        self._attributes: dict[str, Any] = {}
        self._configuration: dict[str, Any] = {}

    @command(_ATTRIBUTE)
    def set_attribute(self, call: Call) -> None:
        """The last value of a name wins."""
        name, value = call.arguments
        if self._changes == ATTRIBUTE_CHANGES:
            self.leg.drop(call, name, f"there were {ATTRIBUTE_CHANGES} changes before")
            return
        changed = self._attributes | {name: value}
        if len(orjson.dumps(changed)) > ATTRIBUTES_BYTES:
            self.leg.drop(call, name, f"attributes would be over {ATTRIBUTES_BYTES} bytes")
            return
        self._changes += 1
        self._attributes = changed

    @command(*_FIELDS)
    def configure(self, call: Call) -> None:
        """One field of the configuration."""
        name = call.name.removeprefix(_SET)
        (self._configuration[name[0].lower() + name[1:]],) = call.arguments

    def members(self) -> Members:
        """What was set."""
        parts = {"attributes": self._attributes, "configuration": self._configuration}
        return {"saml": {name: value for name, value in parts.items() if value}}
