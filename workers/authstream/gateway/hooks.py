"""`POST /hooks/<connection>/…`: providers call in their own protocols."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter
from opentelemetry import trace
from starlette.requests import Request
from starlette.responses import Response

from authstream import telemetry
from authstream.control.connections import Connection
from authstream.engine.provider import Answer
from authstream.gateway.decision import Decisions
from authstream.gateway.intake import taken_in
from authstream.gateway.problems import ProblemError

_TRACED = ("traceparent", "tracestate")
#: From here on an answer is our failure (OpenTelemetry's conventions for HTTP servers).
_SERVER_ERROR = 500
_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"type": "object"}}},
    }
}


def router(connections: Mapping[str, Connection], decisions: Decisions) -> APIRouter:
    """The routes."""
    routes = APIRouter(tags=["hooks"])

    @routes.post(
        "/hooks/{connection}/{hook:path}",
        summary="A provider's call in its own protocol",
        response_class=Response,
        responses=RESPONSES,
        openapi_extra=_BODY,
    )
    async def hook(connection: str, hook: str, request: Request) -> Response:
        """Answers as the adapter of the connection does; see the page of its provider."""
        found = connections.get(connection)
        if found is None:
            raise ProblemError(404, "unknown_connection", "there is no such connection")
        return await served(request, found, hook, decisions=decisions)

    return routes


RESPONSES: dict[int | str, dict[str, object]] = {
    status: {
        "description": text,
        "content": {"application/problem+json": {"schema": {"type": "object"}}},
    }
    for status, text in (
        (400, "Not a call of this provider"),
        (401, "Not signed as the connection requires"),
        (403, "From an address that the connection does not name"),
        (404, "No such connection, hook or trigger"),
        (408, "The body came too slowly"),
        (413, "The body is too large"),
        (422, "The event lacks what the trigger requires"),
    )
}


async def served(
    request: Request, connection: Connection, hook: str, *, decisions: Decisions
) -> Response:
    """The answer to a call of a connection, within its server span. Raises ProblemError."""
    client = request.client.host if request.client else ""
    if not connection.admits(client):
        raise ProblemError(403, "foreign_network", "this address may not call this connection")
    call = await taken_in(request, hook, most=connection.max_body)
    tracing = telemetry.tracing()
    if tracing is None:
        return _response(await decisions.answer(connection, call))
    headers = tuple((name, call.headers[name].encode()) for name in _TRACED if name in call.headers)
    said = {
        "http.request.method": request.method,
        "http.route": request.scope["route"].path,
        "url.path": request.url.path,
        "url.scheme": request.url.scheme,
        "authstream.connection": connection.name,
        "authstream.hook": hook,
    }
    span = tracing.serve(f"POST /hooks/{connection.name}", headers, said)
    with trace.use_span(span, end_on_exit=True):
        answer = await decisions.answer(connection, call)
        span.set_attribute("http.response.status_code", answer.status)
        if answer.status >= _SERVER_ERROR:
            telemetry.describe({}, error=f"{answer.status}")
        if answer.lost:
            span.set_attribute("authstream.lost", list(answer.lost))
        return _response(answer)


def _response(answer: Answer) -> Response:
    return Response(answer.body, answer.status, dict(answer.headers))
