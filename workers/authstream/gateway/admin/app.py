"""The admin API as an ASGI application, ready to be served."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from authstream.gateway.admin import (
    actions,
    catalogue,
    comparison,
    connections,
    dead_letters,
    editing,
    executions,
    figures,
    flows,
    locks,
    oversight,
    previews,
    secrets,
    trials,
)
from authstream.gateway.admin.callers import Entrance
from authstream.gateway.admin.problems import Problem, install, problem

#: Code and lock of an action, as JSON.
BODY_BYTES = 4 * 1024 * 1024
_ERRORS = ("400", "401", "403", "404", "409", "412", "413", "422", "428", "503")


def admin_app(entrance: Entrance | None) -> FastAPI:
    """The application; without an entrance, only for its OpenAPI document."""
    app = FastAPI(
        title="Authstream admin API",
        version="1",
        summary="Actions, versions, flows, secrets, emergencies, audit",
        docs_url=None,
        redoc_url=None,
        openapi_url="/v1/admin/openapi.json",
        responses={status: {"model": Problem} for status in _ERRORS},
    )
    app.state.entrance = entrance
    for module in (
        *(actions, flows, figures, secrets, oversight, dead_letters, executions, connections),
        *(catalogue, trials, comparison, editing, locks, previews),
    ):
        app.include_router(module.router)
    install(app)
    app.add_middleware(Bounded)
    return app


class Bounded:
    """Refuses bodies that are too large, before they are read whole."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what is small enough."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        parts: list[Message] = []
        size = 0
        while True:
            message = await receive()
            parts.append(message)
            size += len(message.get("body", b""))
            if size > BODY_BYTES:
                detail = f"the body is over {BODY_BYTES} bytes: make it smaller"
                await problem(413, "too_large", detail)(scope, receive, send)
                return
            if not message.get("more_body"):
                break
        parts.reverse()

        async def again() -> Message:
            return parts.pop() if parts else await receive()

        await self._app(scope, again, send)
