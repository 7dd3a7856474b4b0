"""The admin process: the admin API on a port, until SIGTERM."""

from __future__ import annotations

import json
from functools import partial

import structlog
import uvicorn

from authstream.apps import logs
from authstream.apps.code_syntax import CodeSyntax
from authstream.apps.comparison import RecordedComparison
from authstream.apps.control import door, opened
from authstream.apps.executions import followed
from authstream.apps.gateway import providers
from authstream.apps.package_locks import PackageLocks
from authstream.apps.recorded_event import RecordedEvents
from authstream.apps.stages import deliveries, triggers
from authstream.apps.trial import LocalTrial
from authstream.broker.dead_letters import DeadLetters
from authstream.gateway.admin.app import admin_app
from authstream.gateway.admin.callers import Entrance, oidc
from authstream.settings import Settings


def main(settings: Settings) -> int:
    """Serve; the exit status. Raises ConfigurationError, BrokerUnreachableError."""
    logs.configure(settings)
    said = settings.admin
    issuer = oidc(said)
    with opened(settings) as store, followed(settings) as index:
        entrance = Entrance(
            door(store, settings),
            issuer,
            letters=partial(DeadLetters, settings),
            executions=index.search,
            events=RecordedEvents(settings, triggers()),
            trace_url=settings.executions.trace_url,
            trial=LocalTrial(settings),
            comparison=RecordedComparison(settings),
            syntax=CodeSyntax(),
            lock=PackageLocks(),
            deliveries=deliveries(),
            providers=providers(),
        )
        app = admin_app(entrance)
        structlog.get_logger("authstream.admin").info(
            "admin_starts", host=said.host, port=said.port, oidc=bool(issuer)
        )
        config = uvicorn.Config(
            app,
            host=said.host,
            port=said.port,
            access_log=False,
            log_config=None,
            server_header=False,
            ws="none",
        )
        uvicorn.Server(config).run()
    return 0


def openapi() -> str:
    """The OpenAPI document, as it is in docs/reference."""
    return json.dumps(admin_app(None).openapi(), indent=1) + "\n"
