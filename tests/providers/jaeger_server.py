"""A real Jaeger on loopback: spans in by OTLP, and read back over its query API."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import httpx
import yaml

from authstream.apps.up import free_port
from tests.providers.go_programs import JAEGER
from tests.real_provider import running

_WITHIN_SECONDS = 40.0
#: In OTLP: the values of `Span.SpanKind`.
KINDS = {1: "internal", 2: "server", 3: "client", 4: "producer", 5: "consumer"}
ERROR = 2


@dataclass(frozen=True, slots=True)
class JaegerSpan:
    """One span as Jaeger has it."""

    id: str
    parent: str
    name: str
    kind: str
    service: str
    failed: bool
    links: tuple[str, ...]
    #: Nanoseconds since the epoch.
    start: int
    end: int
    attributes: Mapping[str, Any] = field(repr=False)

    @classmethod
    def of(cls, said: Mapping[str, Any], service: str) -> Self:
        """From OTLP's JSON."""
        return cls(
            said["spanId"],
            said.get("parentSpanId", ""),
            said["name"],
            KINDS[said["kind"]],
            service,
            said.get("status", {}).get("code") == ERROR,
            tuple(link["spanId"] for link in said.get("links", ())),
            int(said["startTimeUnixNano"]),
            int(said["endTimeUnixNano"]),
            _attributes(said),
        )


@dataclass(frozen=True, slots=True)
class Jaeger:
    """Where it takes spans, and where it is asked."""

    otlp: str
    query: str

    def trace(self, trace_id: str, whole: Callable[[list[JaegerSpan]], bool]) -> list[JaegerSpan]:
        """The spans of a trace, once it is whole."""
        deadline = time.monotonic() + _WITHIN_SECONDS
        while True:
            found = self.spans(trace_id)
            if whole(found):
                return found
            assert time.monotonic() < deadline, sorted(span.name for span in found)
            time.sleep(0.1)

    def spans(self, trace_id: str) -> list[JaegerSpan]:
        """What there is of a trace now."""
        answer = httpx.get(f"{self.query}/api/v3/traces/{trace_id}")
        if answer.status_code == 404:
            return []
        return [
            JaegerSpan.of(span, str(_attributes(resource["resource"])["service.name"]))
            for resource in answer.raise_for_status().json()["result"]["resourceSpans"]
            for scope in resource["scopeSpans"]
            for span in scope["spans"]
        ]


@contextmanager
def jaeger(folder: Path, processors: Mapping[str, Any] | None = None) -> Generator[Jaeger]:
    """One until the end of the context; `processors` come before its storage, in their order."""
    made = Jaeger(f"http://127.0.0.1:{free_port(0)}", f"http://127.0.0.1:{free_port(0)}")
    (folder / "jaeger.yaml").write_text(yaml.safe_dump(_configuration(made, processors or {})))
    command: tuple[str | Path, ...] = (JAEGER.built(), "--config", "jaeger.yaml")
    ready = f"{made.query}/api/services"
    with running(command, folder=folder, environment={"HOME": f"{folder}"}, ready=ready):
        yield made


def _configuration(made: Jaeger, processors: Mapping[str, Any]) -> dict[str, Any]:
    said = {**processors, "batch": {"timeout": "100ms"}}
    pipeline = {
        "receivers": ["otlp"],
        "processors": list(said),
        "exporters": ["jaeger_storage_exporter"],
    }
    query = {
        "storage": {"traces": "memory"},
        "http": {"endpoint": _address(made.query)},
        "grpc": {"endpoint": f"127.0.0.1:{free_port(0)}"},
    }
    return {
        "service": {
            "extensions": ["jaeger_storage", "jaeger_query"],
            "pipelines": {"traces": pipeline},
            "telemetry": {"metrics": {"level": "none"}, "logs": {"level": "warn"}},
        },
        "extensions": {
            "jaeger_storage": {"backends": {"memory": {"memory": {"max_traces": 1000}}}},
            "jaeger_query": query,
        },
        "receivers": {"otlp": {"protocols": {"http": {"endpoint": _address(made.otlp)}}}},
        "processors": said,
        "exporters": {"jaeger_storage_exporter": {"trace_storage": "memory"}},
    }


def _address(url: str) -> str:
    return url.removeprefix("http://")


def _attributes(said: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for one in said.get("attributes", ()):
        ((kind, value),) = one["value"].items()
        found[one["key"]] = int(value) if kind == "intValue" else value
    return found
