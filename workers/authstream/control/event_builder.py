"""Builds a plausible event of any trigger from its model, changed where somebody wants it."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any, cast, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from authstream.engine.trigger import Trigger

#: What is put in by the worker when an action runs, so never by a provider.
_NEVER = frozenset({"secrets", "configuration"})
#: Optional objects of an event that nearly every provider sends.
_USUAL = frozenset(
    {"authentication", "authorization", "client", "connection", "request", "transaction", "user"}
)
#: By the end of a member's path. Members that are optional and not named here are left out.
_VALUES: dict[str, Any] = {
    "tenant.id": "acme",
    "client.client_id": "web",
    "client.name": "Web",
    "connection.id": "con_users",
    "connection.name": "Users",
    "connection.strategy": "auth0",
    "organization.id": "org_acme",
    "resource_server.identifier": "https://api.example.com",
    "request.ip": "203.0.113.7",
    "request.hostname": "login.example.com",
    "request.method": "POST",
    "request.language": "en",
    "request.user_agent": "Mozilla/5.0",
    "geoip.countryCode": "GB",
    "geoip.countryName": "United Kingdom",
    "geoip.cityName": "London",
    "geoip.timeZone": "Europe/London",
    "user.user_id": "auth0|ada",
    "user.email": "ada@example.com",
    "user.email_verified": True,
    "user.name": "Ada Lovelace",
    "stats.logins_count": 2,
    "transaction.locale": "en",
    "transaction.protocol": "oidc-basic-profile",
    "transaction.requested_scopes": ["openid", "profile"],
    "methods.name": "pwd",
    "created_at": "2026-01-02T03:04:05.000Z",
    "updated_at": "2026-01-02T03:04:05.000Z",
    "timestamp": "2026-01-02T03:04:05.000Z",
    "message.id": "evt_1",
    "message.source": "urn:auth0:acme",
    "message.specversion": "1.0",
    "message.type": "user.created",
    "message.time": "2026-01-02T03:04:05.000Z",
    "to": "ada@example.com",
    "from": "login@example.com",
    "recipient": "+442079460000",
    "subject": "Your code",
    "html": "<p>123456</p>",
    "text": "123456",
    "as_text": "123456",
    "as_voice": "1 2 3 4 5 6",
    "code": "123456",
    "subject_token": "a token of another system",
    "subject_token_type": "urn:acme:session",
    "requested_token_type": "urn:ietf:params:oauth:token-type:access_token",
}
_PLAIN: dict[type, Any] = {str: "text", int: 1, float: 1.0, bool: False, list: [], dict: {}}


def build(trigger: Trigger, changes: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A valid event of a trigger; objects in `changes` are merged into it, other values replace.

    None removes a member.
    """
    event = _object(trigger.event, "")
    return merged(event, changes or {})


def merged(members: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Members with changes: objects are merged, None removes (RFC 7396), others replace."""
    result = dict(members)
    for name, value in changes.items():
        if value is None:
            result.pop(name, None)
        elif isinstance(value, Mapping):
            inner = result.get(name)
            within = cast("Mapping[str, Any]", inner if isinstance(inner, Mapping) else {})
            result[name] = merged(within, cast("Mapping[str, Any]", value))
        else:
            result[name] = value
    return result


def _object(model: type[BaseModel], path: str) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        said = f"{path}.{field.alias or name}"
        if name not in _NEVER and (field.is_required() or _is_usual(field, name, said)):
            members[field.alias or name] = _member(field, said)
    return members


def _is_usual(field: FieldInfo, name: str, path: str) -> bool:
    """Whether a member has a default that says something, or is one that we know."""
    has_default = field.default is not None or field.default_factory is not None
    return has_default or name in _USUAL or bool(_known(path))


def _known(path: str) -> list[str]:
    return [end for end in _VALUES if path.endswith(f".{end}")]


def _member(field: FieldInfo, path: str) -> Any:  # noqa: ANN401 - JSON
    if known := _known(path):
        return _VALUES[max(known, key=len)]
    kinds = [kind for kind in (field.annotation, *get_args(field.annotation)) if kind is not None]
    for kind in kinds:
        if inspect.isclass(kind) and get_origin(kind) is None and issubclass(kind, BaseModel):
            return _listed(field, _object(kind, path))
    if not field.is_required() and field.get_default(call_default_factory=True) is not None:
        return field.get_default(call_default_factory=True)
    return _plain(kinds)


def _listed(field: FieldInfo, value: dict[str, Any]) -> Any:  # noqa: ANN401 - JSON
    """The object itself, or a list of one where the member is a list."""
    return [value] if get_origin(field.annotation) in (list, tuple) else value


def _plain(kinds: list[Any]) -> Any:  # noqa: ANN401 - JSON
    """The first value of a set of words, else one of the type."""
    for kind in kinds:
        if isinstance(kind, str):
            return kind
        found = _PLAIN.get(get_origin(kind) or kind)
        if found is not None:
            return found
        words = get_args(kind)
        if words and isinstance(words[0], str):
            return words[0]
    return {}
