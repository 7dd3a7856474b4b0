"""Terraform's state as an export: resources of auth0/terraform-provider-auth0, by their type."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

from authstream.control.auth0_import.export import Problem

Members = dict[str, Any]
#: The form of state files since Terraform 0.12; OpenTofu writes it too.
STATE_VERSION = 4
_ACTION, _MODULE = "auth0_action", "auth0_action_module"
#: The whole order of a trigger; one more action at its end.
_ORDER, _APPENDED = "auth0_trigger_actions", "auth0_trigger_action"


def is_state(members: Mapping[str, Any]) -> bool:
    """Whether a JSON object is a state."""
    return members.get("version") == STATE_VERSION and "terraform_version" in members


def as_export(state: Mapping[str, Any], problems: list[Problem]) -> Members:
    """What an export of the same tenant would hold. Values of secrets are those of the state."""
    actions = [_coded(one) for one in _found(state, _ACTION)]
    modules = [_coded(one) for one in _found(state, _MODULE)]
    names = {one["id"]: one["name"] for one in (*actions, *modules) if "id" in one}
    for action in actions:
        action["modules"] = [
            {"module_name": names.get(one.get("module_id"), one.get("module_id"))}
            for one in action.get("modules") or ()
        ]
    triggers: dict[str, list[Members]] = {}
    for trigger, bound in _bound(state):
        name = names.get(bound["id"])
        if name is None:
            why = f"no auth0_action of the state has the id {bound['id']}"
            problems.append(Problem(f"a binding of {trigger}", why))
        else:
            item = {"action_name": name, "display_name": bound.get("display_name")}
            triggers.setdefault(trigger, []).append(item)
    return {"actions": actions, "actionModules": modules, "triggers": triggers}


def _found(state: Mapping[str, Any], kind: str) -> Iterator[Members]:
    """The attributes of every instance of a resource, in the order of the state."""
    for resource in cast("list[Members]", state.get("resources") or []):
        if resource.get("type") == kind and resource.get("mode", "managed") == "managed":
            for instance in resource.get("instances") or ():
                yield dict(instance.get("attributes") or {})


def _coded(attributes: Members) -> Members:
    """With its code as text even where that is one line, which would be a path."""
    return {**attributes, "code": f"{attributes.get('code') or ''}\n", "deployed": True}


def _bound(state: Mapping[str, Any]) -> Iterator[tuple[str, Members]]:
    for order in _found(state, _ORDER):
        for bound in order.get("actions") or ():
            yield order["trigger"], bound
    for one in _found(state, _APPENDED):
        yield one["trigger"], {"id": one["action_id"], "display_name": one.get("display_name")}
