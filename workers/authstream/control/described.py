"""Objects of the control log as JSON for programs: no contents, no secrets, no hashes of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from authstream.control.objects import (
    ActionObject,
    FlowObject,
    Spec,
    TokenObject,
    VariableObject,
    VersionObject,
)
from authstream.control.view import Entry, Stored


def moment(millis: int) -> str:
    """A time as ISO 8601."""
    return datetime.fromtimestamp(millis / 1000, UTC).isoformat(timespec="milliseconds")


def described(stored: Stored) -> dict[str, Any]:
    """What every object has."""
    record = stored.record
    return {
        "tenant": record.tenant,
        "name": record.name,
        "revision": record.revision,
        "changed_by": record.actor,
        "changed_at": moment(record.at),
    }


def spec(one: Spec) -> dict[str, Any]:
    """What a draft or version fixes."""
    members = one.model_dump(mode="json", exclude={"code", "lock", "modules"})
    members["modules"] = [module.name for module in one.modules]
    return {**members, "code_sha256": one.code.sha256, "digest": one.digest}


def action(stored: Stored) -> dict[str, Any]:
    """An action with its draft."""
    one = stored.read(ActionObject)
    return {**described(stored), "deployed": one.deployed, "draft": spec(one.draft)}


def version(number: int, one: VersionObject) -> dict[str, Any]:
    """A version."""
    return {
        "version": number,
        "created_by": one.created_by,
        "created_at": moment(one.created_at),
        "note": one.note,
        **spec(one.spec),
    }


def flow(stored: Stored) -> dict[str, Any]:
    """A flow."""
    one = stored.read(FlowObject)
    members = one.model_dump(mode="json", exclude_none=True)
    return {**described(stored), "trigger": stored.key.name, **members}


def secret(stored: Stored) -> dict[str, Any]:
    """A secret's name; never its value."""
    named, _, name = stored.key.name.partition("/")
    return {**described(stored), "action": named, "name": name}


def variable(stored: Stored) -> dict[str, Any]:
    """A plain value."""
    return {**described(stored), "value": stored.read(VariableObject).value}


def token(stored: Stored) -> dict[str, Any]:
    """A token's name and role."""
    one = stored.read(TokenObject)
    expires = None if one.expires_at is None else moment(one.expires_at)
    return {**described(stored), "role": one.role, "expires_at": expires}


def audited(entry: Entry) -> dict[str, Any]:
    """A line of the audit trail."""
    record = entry.record
    return {
        "offset": entry.offset,
        "at": moment(record.at),
        "actor": record.actor,
        "operation": record.operation,
        "kind": record.kind,
        "tenant": record.tenant,
        "name": record.name,
        "revision": record.revision,
        "took_effect": entry.fate == "won",
    }
