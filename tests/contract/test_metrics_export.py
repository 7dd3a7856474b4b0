"""A worker's gauges reach a collector over OTLP/HTTP."""

from __future__ import annotations

import os
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)

_PROGRAM = """
from authstream.metrics import otlp
from authstream.sandbox import census

census.observe()
census.CENSUS.level = "landlock"
pushing = otlp.start("authstream")
if pushing is not None:
    pushing.stop()
"""


class _Collector(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        """Keep what comes."""
        taken: list[bytes] = self.server.taken  # type: ignore[attr-defined]  # made below
        taken.append(self.rfile.read(int(self.headers["content-length"])))
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Say nothing."""


@pytest.mark.parametrize(
    ("variable", "exported"), [("METRICS_ENDPOINT", True), ("ENDPOINT", False)]
)
def test_gauges_are_exported_where_an_endpoint_is_named(variable: str, *, exported: bool) -> None:
    """And where none is named for metrics, nothing is sent."""
    server = HTTPServer(("127.0.0.1", 0), _Collector)
    taken: list[bytes] = []
    server.taken = taken  # type: ignore[attr-defined]  # for the handler
    thread = Thread(target=server.serve_forever)
    thread.start()
    endpoint = f"http://127.0.0.1:{server.server_port}/v1/metrics"
    source = Path(__file__).parents[2] / "workers"
    env = {"PYTHONPATH": str(source), f"OTEL_EXPORTER_OTLP_{variable}": endpoint}
    try:
        subprocess.run([sys.executable, "-c", _PROGRAM], env={**os.environ, **env}, check=True)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    names = {
        metric.name
        for body in taken
        for resource in ExportMetricsServiceRequest.FromString(body).resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
    }
    assert names == ({"authstream.sandbox.level"} if exported else set())
