"""The trace collector of the demo: receives OTLP/HTTP, keeps the spans, passes them on to a real collector if one is set."""

from __future__ import annotations

import os
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
_FORWARD_SECONDS = 5


@dataclass(frozen=True, slots=True)
class CollectedSpan:
    """One span as it was exported. Times in nanoseconds."""

    trace_id: str
    span_id: str
    parent_id: str
    name: str
    start: int
    end: int
    attributes: dict[str, str]


class Collector:
    """Serves `POST /v1/traces` on loopback. Use as a context manager."""

    def __init__(self) -> None:
        self.spans: list[CollectedSpan] = []
        self.forward = os.environ.get(ENDPOINT)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, name="demo-collector", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def take(self, body: bytes) -> None:
        """Keep the spans of one export, and pass it on."""
        self.spans.extend(_spans(ExportTraceServiceRequest.FromString(body)))
        if self.forward:
            request = urllib.request.Request(f"{self.forward.rstrip('/')}/v1/traces", body, {"content-type": "application/x-protobuf"})  # noqa: S310 - the operator's own endpoint
            try:
                urllib.request.urlopen(request, timeout=_FORWARD_SECONDS).close()  # noqa: S310 - as above
            except (urllib.error.URLError, TimeoutError):
                # Traces are a view, never a reason to fail.
                self.forward = None


def _spans(request: ExportTraceServiceRequest) -> Iterator[CollectedSpan]:
    for resource in request.resource_spans:
        for scope in resource.scope_spans:
            for span in scope.spans:
                attributes = {attribute.key: attribute.value.string_value or str(attribute.value.int_value) for attribute in span.attributes}
                yield CollectedSpan(span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex(), span.name, span.start_time_unix_nano, span.end_time_unix_nano, attributes)


def _handler(collector: Collector) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            collector.take(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            """Quiet: the demo prints what matters."""

    return Handler
