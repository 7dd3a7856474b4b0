"""What a program needs to know before it asks: who it is, tenants, triggers, effect kinds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from authstream.contracts.api import methods
from authstream.contracts.slug import DEFAULT_TENANT
from authstream.control.event_builder import build
from authstream.control.objects import ACTION, FLOW
from authstream.control.quotas import most_actions
from authstream.engine.delivery import Delivery
from authstream.engine.provider import Provider
from authstream.gateway.admin.callers import Viewer, role_of

router = APIRouter(prefix="/v1/admin", tags=["catalogue"])


@router.get("/me")
def me(request: Request, door: Viewer) -> dict[str, str]:
    """Who calls, and what that may."""
    return {"name": door.actor, "role": role_of(request)}


@router.get("/tenants")
def tenants(door: Viewer) -> dict[str, list[str]]:
    """Every tenant that has an action or a flow, the default one first."""
    found = {stored.key.tenant for kind in (ACTION, FLOW) for stored in door.view.of_kind(kind)}
    return {"items": [DEFAULT_TENANT, *sorted(found - {DEFAULT_TENANT})]}


@router.get("/triggers")
def triggers(door: Viewer) -> dict[str, list[dict[str, Any]]]:
    """Every trigger: its handler, what its actions may ask for, and an event of it."""
    return {
        "items": [
            {
                "name": trigger.name,
                "handler": trigger.handler,
                "continues": trigger.continues,
                "most_actions": most_actions(door.quotas, trigger),
                "methods": sorted(methods(trigger.name)),
                "sample": build(trigger),
            }
            for _, trigger in sorted(door.triggers.items())
        ]
    }


@router.get("/providers")
def providers(
    request: Request,
    _door: Viewer,
    gateway: Annotated[str, Query(description="the gateway's address, as a provider sees it")],
) -> dict[str, list[dict[str, Any]]]:
    """Every identity provider that has an adapter, and what to configure there."""
    adapters: Mapping[str, Provider] = request.app.state.entrance.providers
    return {
        "items": [
            {
                "name": name,
                "setup": adapters[name].setup(f"{gateway.rstrip('/')}/hooks/{name}"),
                "options": dict(adapters[name].options),
                "shared_secret": adapters[name].shared_secret,
            }
            for name in sorted(adapters)
        ]
    }


@router.get("/effects")
def effects(request: Request, _door: Viewer) -> dict[str, list[dict[str, Any]]]:
    """Every kind of effect: the JSON Schema of its payload, and whether it has a preview."""
    kinds: Mapping[str, Delivery] = request.app.state.entrance.deliveries
    return {
        "items": [
            {
                "name": name,
                "inputs": kinds[name].inputs.model_json_schema(),
                "previews": kinds[name].previews,
            }
            for name in sorted(kinds)
        ]
    }
