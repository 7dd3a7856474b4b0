"""The trace collector of the demo: receives OTLP/HTTP, keeps the spans, passes them on."""

from __future__ import annotations

import os
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from authstream.apps.demo.loopback import LoopbackServer, QuietHandler

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


class Collector(LoopbackServer):
    """Serves `POST /v1/traces` on loopback."""

    def __init__(self) -> None:
        self.spans: list[CollectedSpan] = []
        self.forward = os.environ.get(ENDPOINT)
        super().__init__(_handler(self))

    def take(self, body: bytes) -> None:
        """Keep the spans of one export, and pass it on."""
        self.spans.extend(_spans(ExportTraceServiceRequest.FromString(body)))
        if self.forward:
            request = urllib.request.Request(  # noqa: S310 - the operator's own endpoint
                f"{self.forward.rstrip('/')}/v1/traces",
                body,
                {"content-type": "application/x-protobuf"},
            )
            try:
                urllib.request.urlopen(request, timeout=_FORWARD_SECONDS).close()  # noqa: S310 - as above
            except (urllib.error.URLError, TimeoutError):
                # Traces are a view, never a reason to fail.
                self.forward = None


def _spans(request: ExportTraceServiceRequest) -> Iterator[CollectedSpan]:
    for resource in request.resource_spans:
        for scope in resource.scope_spans:
            for span in scope.spans:
                attributes = {
                    attribute.key: attribute.value.string_value or str(attribute.value.int_value)
                    for attribute in span.attributes
                }
                yield CollectedSpan(
                    span.trace_id.hex(),
                    span.span_id.hex(),
                    span.parent_span_id.hex(),
                    span.name,
                    span.start_time_unix_nano,
                    span.end_time_unix_nano,
                    attributes,
                )


def _handler(collector: Collector) -> type[QuietHandler]:
    class Handler(QuietHandler):
        def do_POST(self) -> None:  # noqa: N802 - the name the server calls
            collector.take(self.rfile.read(int(self.headers["content-length"])))
            self.answer(200)

    return Handler
