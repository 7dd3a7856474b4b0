"""`/healthz`, `/readyz` and `/metrics`: for whoever runs the gateway."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import PlainTextResponse, Response

from authstream.gateway.metrics import Metrics


def router(metrics: Metrics, ready: Callable[[], bool]) -> APIRouter:
    """The routes. `ready` is false while no broker answers, and from the moment of leaving."""
    routes = APIRouter(tags=["operation"])

    @routes.get("/healthz", summary="The process answers", response_class=PlainTextResponse)
    async def healthz() -> str:
        """Always `ok`: whoever reads it has reached the process."""
        return "ok\n"

    @routes.get(
        "/readyz",
        summary="Calls can be answered",
        response_class=PlainTextResponse,
        responses={503: {"description": "Not yet, or no more"}},
    )
    async def readyz() -> Response:
        """`ready`, or 503 while no broker answers and while the gateway leaves."""
        if ready():
            return PlainTextResponse("ready\n")
        return PlainTextResponse("not ready\n", 503)

    @routes.get("/metrics", summary="Prometheus metrics", response_class=PlainTextResponse)
    async def page() -> Response:
        """In Prometheus' text format."""
        return Response(metrics.page(), media_type=CONTENT_TYPE_LATEST)

    return routes
