"""The console process: pages on a port, until SIGTERM."""

from __future__ import annotations

import structlog
import uvicorn

from authstream.apps import logs
from authstream.console.app import console_app
from authstream.settings import Settings


def main(settings: Settings) -> int:
    """Serve; the exit status. Raises ConfigurationError."""
    logs.configure(settings)
    said = settings.console
    app = console_app(said)
    structlog.get_logger("authstream.console").info(
        "console_starts", host=said.host, port=said.port, admin=said.admin_url
    )
    config = uvicorn.Config(
        app,
        host=said.host,
        port=said.port,
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=2,
    )
    uvicorn.Server(config).run()
    return 0
