"""Fills in the members that an event always has, where a provider that is not Auth0 left them out.

An action that reads `event.user.app_metadata.plan` or `event.stats.logins_count` needs no guard at
Auth0 and shall need none here. What Auth0 leaves out at times stays left out.
"""

from __future__ import annotations

from functools import cache
from typing import Any, cast

import orjson
from pydantic import BaseModel

#: Each action is given its own, where it runs.
_OF_AN_ACTION = frozenset({"secrets", "configuration"})


def complete(model: type[BaseModel], members: dict[str, Any]) -> bool:
    """Add the defaults of a trigger's event model in place; whether anything was missing."""
    changed = False
    for name, default, inner in _always(model):
        there = members.get(name)
        if inner is not None and isinstance(there, dict):
            changed |= complete(inner, cast("dict[str, Any]", there))
        elif default is not None and name not in members:
            members[name] = orjson.loads(default)
            changed = True
    return changed


@cache
def _always(model: type[BaseModel]) -> tuple[tuple[str, bytes | None, type[BaseModel] | None], ...]:
    """For each member that may need something: name, default as JSON, the model of its members."""
    found: list[tuple[str, bytes | None, type[BaseModel] | None]] = []
    for field_name, field in model.model_fields.items():
        if field_name in _OF_AN_ACTION:
            continue
        value = None if field.is_required() else field.get_default(call_default_factory=True)
        inner = field.annotation
        nested = inner if isinstance(inner, type) and issubclass(inner, BaseModel) else None
        default = None if value is None else orjson.dumps(_plain(value))
        if default is not None or nested is not None:
            found.append((field.alias or field_name, default, nested))
    return tuple(found)


def _plain(value: object) -> object:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", by_alias=True, exclude_none=True)
    return value
