"""The gateway as an ASGI application, ready to be served."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta

import structlog
from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from authstream.broker import embedded
from authstream.contracts.topics import Topics
from authstream.control.connections import Connection
from authstream.engine.trigger import Trigger
from authstream.errors import AuthstreamError
from authstream.gateway import health, hooks, resumption, triggers, verification
from authstream.gateway.admission import Admission
from authstream.gateway.decision import Decisions
from authstream.gateway.key_sets import KeySets
from authstream.gateway.metrics import Metrics
from authstream.gateway.problems import ProblemError
from authstream.gateway.resumption import Resumptions
from authstream.gateway.waiters import Waiters
from authstream.settings import Settings

#: Between tries while no broker answers.
RECONNECT = timedelta(seconds=1)
_LOG = structlog.get_logger("authstream.gateway")


class Gateway:
    """Everything of one gateway process; `app` is what a server serves."""

    def __init__(
        self,
        settings: Settings,
        *,
        connections: Mapping[str, Connection],
        triggers: dict[str, Trigger],
    ) -> None:
        self._settings = settings
        self._topics = Topics(settings.prefix)
        self._connections = connections
        self._triggers = triggers
        self.metrics = Metrics()
        self._ready = False
        self.draining = False
        self.app = FastAPI(
            title="Authstream gateway",
            version="1",
            summary="Login events in, verdicts out",
            lifespan=self._lifespan,
            docs_url=None,
            redoc_url=None,
            # Spans are ours: named by connection, with nothing of the caller in them.
            telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
        )
        self.app.add_exception_handler(ProblemError, _problem)
        self.app.add_exception_handler(HTTPException, _http_problem)
        self.app.add_exception_handler(Exception, _unforeseen)
        self._route()

    @property
    def ready(self) -> bool:
        """Calls can be answered."""
        return self._ready and not self.draining

    def _route(self) -> None:
        self._waiters = Waiters(self._settings, self._topics, mismatch=self._mismatch)
        admission = Admission(self._settings.gateway.capacity)
        self.metrics.watch(lambda: admission.in_flight)
        decisions = Decisions(
            triggers=self._triggers,
            waiters=self._waiters,
            admission=admission,
            metrics=self.metrics,
            keys=KeySets(),
        )
        self.app.include_router(triggers.router(self._connections, self._triggers, decisions))
        self.app.include_router(hooks.router(self._connections, decisions))
        resumptions = Resumptions(self._waiters, admission)
        self.app.include_router(resumption.router(self._connections.values(), resumptions))
        self.app.include_router(
            verification.router(self._settings.links, self._waiters, self._topics)
        )
        self.app.include_router(health.router(self.metrics, lambda: self.ready))

    def _written(self) -> list[str]:
        """What a broker that makes topics on first use must have made."""
        requested = [self._topics.requested(name) for name in self._triggers]
        ours = self._topics
        written = (ours.replies, ours.assemble, ours.answers, ours.resume, ours.user_metadata)
        return [*requested, *written]

    def _mismatch(self, source: str) -> None:
        self.metrics.mismatches(source.rpartition("/")[2]).add()

    @asynccontextmanager
    async def _lifespan(self, _app: FastAPI) -> AsyncGenerator[None]:
        connecting = asyncio.create_task(self._connect())
        try:
            yield
        finally:
            connecting.cancel()
            await self._waiters.close()

    async def _connect(self) -> None:
        while not self._ready:
            try:
                if self._settings.embedded:
                    await asyncio.to_thread(embedded.touch, self._settings, self._written())
                await self._waiters.listen()
            except AuthstreamError as error:
                _LOG.warning("not_ready", reason=str(error))
                await asyncio.sleep(RECONNECT.total_seconds())
            else:
                self._ready = True


async def _problem(_request: Request, error: Exception) -> Response:
    assert isinstance(error, ProblemError)  # noqa: S101 - registered for it
    return error.response()


async def _http_problem(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for it
    detail = f"{error.detail}: see the gateway's reference page"
    return ProblemError(
        error.status_code, "http", detail, headers=dict(error.headers or {})
    ).response()


async def _unforeseen(_request: Request, error: Exception) -> Response:
    _LOG.error("unforeseen", error_type=type(error).__name__, exc_info=error)
    return ProblemError(500, "internal", "an error of ours, which is in the log").response()
