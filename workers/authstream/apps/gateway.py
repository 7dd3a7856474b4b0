"""The gateway: a process that serves the connections of a folder over HTTP."""

from __future__ import annotations

import asyncio
import signal
import ssl
import sys
from functools import cache
from pathlib import Path
from types import FrameType
from typing import NoReturn

import structlog
import uvicorn

import authstream.idp
from authstream import telemetry
from authstream.apps import logs
from authstream.apps.stages import triggers
from authstream.contracts.avro import write_as
from authstream.control.connections import Connection, load_connections
from authstream.engine.provider import Provider
from authstream.engine.registry import plugins
from authstream.errors import ConfigurationError
from authstream.gateway.app import Gateway
from authstream.gateway.protocol import GatewayProtocol
from authstream.metrics import otlp
from authstream.settings import GatewaySettings, Settings

#: Calls under way are finished within this time after SIGTERM: the longest deadline and a little.
DRAIN_SECONDS = 22
#: Connections wait for their next call no longer than that.
KEEP_ALIVE_SECONDS = 75
_LOG = structlog.get_logger("authstream.gateway")


@cache
def providers() -> dict[str, Provider]:
    """Every installed provider by name."""
    kind: type[Provider] = Provider  # type: ignore[type-abstract]  # only for isinstance
    return plugins(authstream.idp, kind, group="authstream.providers")


def connections(folder: Path, settings: Settings) -> dict[str, Connection]:
    """The connections of a folder. Raises ConfigurationError."""
    return load_connections(
        folder,
        providers=providers(),
        triggers=frozenset(triggers()),
        secrets=settings.connection_secrets,
    )


class _Server(uvicorn.Server):
    """Not ready from the moment it is told to stop, while calls under way are finished."""

    def __init__(self, config: uvicorn.Config, gateway: Gateway) -> None:
        super().__init__(config)
        self._gateway = gateway

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._gateway.draining = True
        super().handle_exit(sig, frame)


def main(folder: Path, settings: Settings) -> int:
    """Serve until SIGTERM or SIGINT; the exit status. Raises ConfigurationError."""
    logs.configure(settings)
    found = connections(folder, settings)
    write_as(settings.write_as)
    telemetry.configure("authstream-gateway")
    gateway = Gateway(settings, connections=found, triggers=triggers())
    pushing = otlp.start("authstream-gateway", gateway.metrics.registry)
    server = _Server(configuration(gateway, settings.gateway), gateway)
    _LOG.info(
        "gateway_starts",
        host=settings.gateway.host,
        port=settings.gateway.port,
        connections=sorted(found),
    )
    # The server gives the signal back when it is done: ended by it, no span would be exported.
    signal.signal(signal.SIGTERM, _end)
    try:
        asyncio.run(server.serve())
    except SystemExit as error:
        return error.code if isinstance(error.code, int) else 1
    except KeyboardInterrupt:
        return 0
    finally:
        telemetry.shutdown()
        if pushing is not None:
            pushing.stop()
        sys.stderr.flush()
    return 0


def _end(_number: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(0)


def configuration(gateway: Gateway, said: GatewaySettings) -> uvicorn.Config:
    """How the server serves it. Raises ConfigurationError for half a TLS configuration."""
    if bool(said.tls_certificate) != bool(said.tls_key) or (
        said.client_ca and not said.tls_certificate
    ):
        raise ConfigurationError(
            "AUTHSTREAM_GATEWAY__TLS_CERTIFICATE and __TLS_KEY belong together, and __CLIENT_CA "
            "needs both: set all, or none"
        )
    for file in (said.tls_certificate, said.tls_key, said.client_ca):
        if file and not Path(file).is_file():
            raise ConfigurationError(f"{file} is no file: see AUTHSTREAM_GATEWAY__TLS_* settings")
    return uvicorn.Config(
        gateway.app,
        host=said.host,
        port=said.port,
        http=GatewayProtocol,
        ws="none",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=bool(said.trusted_proxies),
        forwarded_allow_ips=said.trusted_proxies or None,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=DRAIN_SECONDS,
        ssl_certfile=said.tls_certificate or None,
        ssl_keyfile=said.tls_key or None,
        ssl_ca_certs=said.client_ca or None,
        ssl_cert_reqs=ssl.CERT_REQUIRED if said.client_ca else ssl.CERT_NONE,
    )
