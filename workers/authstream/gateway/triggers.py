"""`POST /v1/triggers/<trigger>`: an event in JSON or as a CloudEvent, answered by its verdict."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from authstream.contracts.verdict import Verdict
from authstream.control.connections import Connection
from authstream.engine.authenticity import matches
from authstream.engine.trigger import Trigger
from authstream.gateway.decision import Decisions
from authstream.gateway.hooks import RESPONSES, served
from authstream.gateway.problems import ProblemError

#: The adapter whose connections may ask here.
GENERIC = "generic"
_CLOUD_EVENT = "application/cloudevents+json"


def router(
    connections: Mapping[str, Connection], triggers: Mapping[str, Trigger], decisions: Decisions
) -> APIRouter:
    """One route for each trigger."""
    routes = APIRouter(tags=["triggers"])
    mine = generic(connections.values())

    def add(trigger: Trigger) -> None:
        @routes.post(
            f"/v1/triggers/{trigger.name}",
            summary=f"The verdict on a {trigger.name} event",
            operation_id=f"decide-{trigger.name}",
            responses={200: {"description": "The verdict", "model": Verdict}, **RESPONSES},
            openapi_extra=_documented(trigger),
        )
        async def decide(request: Request) -> Response:
            """Only the outcome `allowed` lets the user in."""
            return await served(request, caller(request, mine), trigger.name, decisions=decisions)

    for _, trigger in sorted(triggers.items()):
        add(trigger)
    return routes


def generic(connections: Iterable[Connection]) -> list[Connection]:
    """The connections that may ask by our own JSON."""
    return [one for one in connections if one.provider.name == GENERIC]


def caller(request: Request, mine: list[Connection]) -> Connection:
    """The connection whose secret is the Bearer token. Raises ProblemError.

    All are compared, so that the time taken tells nothing.
    """
    scheme, _, offered = request.headers.get("authorization", "").partition(" ")
    found = [one for one in mine if matches(offered, one.peer.secrets)]
    if scheme.lower() != "bearer" or not found:
        raise ProblemError(
            401,
            "unauthenticated",
            "the Bearer token is not the secret of a generic connection",
            headers={"www-authenticate": "Bearer"},
        )
    return found[0]


def _documented(trigger: Trigger) -> dict[str, Any]:
    """The request's body and who may call, for OpenAPI."""
    event = trigger.event.model_json_schema(ref_template="#/components/schemas/{model}")
    event.pop("$defs", None)
    return {
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": {"type": "object", "required": event["required"]}},
                _CLOUD_EVENT: {
                    "schema": {
                        "type": "object",
                        "required": ["specversion", "id", "source", "type", "data"],
                    }
                },
            },
        },
        "security": [{"bearer": []}],
    }
