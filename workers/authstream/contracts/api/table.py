"""The one table of every method an action may call on `api`, and how it is looked up."""

from __future__ import annotations

import re
from dataclasses import fields
from functools import cache
from typing import Any, cast

import orjson

from authstream.contracts.api import (
    access,
    authentication,
    effects,
    lookups,
    metadata,
    navigation,
    saml,
    sessions,
    tokens,
)
from authstream.contracts.api.method import Conflict, Effect, Guard, Method, Quota, Total
from authstream.contracts.api.triggers import TRIGGERS
from authstream.contracts.parameter import Entries, Forbidden, Parameter, Says

METHODS: tuple[Method, ...] = (
    *access.METHODS,
    *tokens.METHODS,
    *authentication.METHODS,
    *metadata.METHODS,
    *sessions.METHODS,
    *navigation.METHODS,
    *saml.METHODS,
    *lookups.METHODS,
    *effects.METHODS,
)
#: For people only.
_NOT_FOR_GUESTS = frozenset({"triggers", "about", "differs"})
_PARTS = (Conflict, Effect, Entries, Forbidden, Guard, Method, Parameter, Quota, Says, Total)


@cache
def methods(trigger: str) -> dict[str, Method]:
    """The methods of a trigger by path; a dictionary that callers only read.

    A trigger that is none of Auth0's has the methods that all of those have.
    """
    wanted = {trigger} if trigger in TRIGGERS else TRIGGERS
    return {method.path: method for method in METHODS if wanted <= method.triggers}


def python_path(path: str) -> str:
    """The Python spelling: `idToken.setCustomClaim` is `id_token.set_custom_claim`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", path).lower()


@cache
def to_guest(trigger: str) -> bytes:
    """The trigger's part of the table as JSON, from which a guest builds its `api` object.

    An array of objects with the fields of `Method`; fields at their default are left out.
    """
    rows = [_plain(method) for method in methods(trigger).values()]
    return orjson.dumps(
        [{name: row[name] for name in row if name not in _NOT_FOR_GUESTS} for row in rows]
    )


def _plain(value: object) -> Any:  # noqa: ANN401 - whatever a field holds
    """A dataclass as a dictionary without the fields that are at their default."""
    if isinstance(value, tuple):
        return [_plain(item) for item in cast("tuple[object, ...]", value)]
    if not isinstance(value, _PARTS):
        return value
    return {
        field.name: _plain(item)
        for field in fields(value)
        if field.init and (item := getattr(value, field.name)) != field.default
    }
