"""A login of the demo's flow over real Kafka, in a real Jaeger: every span, from call to e-mail."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import sys
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.trace import StatusCode

from authstream.apps.demo.crm import Crm
from authstream.apps.stages import deliveries, triggers
from authstream.apps.up import free_port
from authstream.broker.kafka_topics import KafkaTopics, wanted
from authstream.contracts.topics import Topics
from authstream.control.folder import load
from authstream.settings import Settings
from tests.browser import running_browser
from tests.confinement import open_to_others
from tests.gateway_ground import await_ready, secret_of
from tests.kafka_log import until
from tests.kafka_server import KafkaServer
from tests.providers.jaeger_server import Jaeger, JaegerSpan, jaeger
from tests.providers.trace_picture import draw
from tests.real_provider import running
from tests.smtp_server import SmtpServer

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]
ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "deploy" / "demo"
COLLECTOR = ROOT / "deploy" / "otel" / "collector.yaml"
CONNECTION = "shop"
WORKER, GATEWAY = "authstream", "authstream-gateway"
ACTIONS = ("crm-enrich", "risk-deny", "claims", "Login-Customizations", "welcome")
CALL = f"POST /hooks/{CONNECTION}"
PICTURE, PICTURE_BYTES = "trace.png", 200_000


@dataclass(frozen=True, slots=True)
class Ground:
    """What runs."""

    topics: Topics
    jaeger: Jaeger
    gateway: str
    metrics: str
    mail: SmtpServer

    def login(self, event: str) -> tuple[str, str]:
        """Call as a provider does that traces; its trace and span id."""
        trace, span = secrets.token_hex(16), secrets.token_hex(8)
        headers = {
            "authorization": f"Bearer {secret_of(CONNECTION)}",
            "traceparent": f"00-{trace}-{span}-01",
        }
        said = json.loads((DEMO / "events" / event).read_text())
        said["transaction"]["id"] = trace  # one of its own
        url = f"{self.gateway}/v1/triggers/post-login"
        assert httpx.post(url, json=said, headers=headers, timeout=30).status_code == 200
        return trace, span


@pytest.fixture(scope="module")
def ground(kafka: KafkaServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """Jaeger, mail server, CRM, worker and gateway."""
    scratch = tmp_path_factory.mktemp("jaeger")
    open_to_others(scratch)
    with ExitStack() as stack:
        mail, crm = stack.enter_context(SmtpServer()), stack.enter_context(Crm())
        seen = stack.enter_context(jaeger(_made(scratch / "server")))
        folder = _folder(scratch, crm)
        metrics, ready = free_port(0), scratch / "ready"
        topics = Topics(f"t-{secrets.token_hex(3)}")
        environment = {
            **os.environ,
            "AUTHSTREAM_BROKERS": kafka.bootstrap,
            "AUTHSTREAM_PREFIX": topics.prefix,
            "AUTHSTREAM_SMTP__PORT": f"{mail.port}",
            "AUTHSTREAM_METRICS__PORT": f"{metrics}",
            "AUTHSTREAM_READY_FILE": f"{ready}",
            "OTEL_EXPORTER_OTLP_ENDPOINT": seen.otlp,
            "OTEL_BSP_SCHEDULE_DELAY": "100",
        }
        _make_topics(folder, kafka, topics)
        stack.enter_context(_process(scratch / WORKER, environment, "worker", folder, metrics))
        port = free_port(0)
        stack.enter_context(
            _process(scratch / GATEWAY, environment, "gateway", folder, port, "--port", f"{port}")
        )
        gateway = f"http://127.0.0.1:{port}"
        await_ready(gateway)
        until(ready.exists, "the worker is ready")
        yield Ground(topics, seen, gateway, f"http://127.0.0.1:{metrics}", mail)


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _folder(scratch: Path, crm: Crm) -> Path:
    folder = scratch / "demo"
    shutil.copytree(DEMO, folder)
    (folder / "connections").mkdir()
    connection = {"provider": "generic", "tenant": "shop", "deadline": "15s"}
    (folder / "connections" / f"{CONNECTION}.yaml").write_text(yaml.safe_dump(connection))
    said = {
        "crm-enrich": {"CRM_URL": crm.url, "CRM_TOKEN": crm.token},
        f"connections/{CONNECTION}": {"current": secret_of(CONNECTION)},
    }
    (folder / ".secrets.yaml").write_text(yaml.safe_dump(said))
    return folder


def _make_topics(folder: Path, kafka: KafkaServer, topics: Topics) -> None:
    settings = Settings(brokers=kafka.bootstrap, prefix=topics.prefix)
    found = load(folder, triggers=triggers(), topics=topics)
    actions = [action.topic for action in found.actions.values()]
    KafkaTopics(settings).apply(
        wanted(topics, settings, triggers=triggers(), actions=actions, kinds=deliveries())
    )


@contextmanager
def _process(
    scratch: Path, environment: dict[str, str], what: str, folder: Path, port: int, *more: str
) -> Generator[None]:
    program = (sys.executable, "-m", "authstream.cli", what, "--folder", f"{folder}", *more)
    ready = f"http://127.0.0.1:{port}/metrics"
    with running(program, folder=_made(scratch), environment=environment, ready=ready):
        yield


def named(spans: list[JaegerSpan], name: str) -> JaegerSpan:
    """The one span of this name."""
    (found,) = (span for span in spans if span.name == name)
    return found


def having(*names: str) -> Callable[[list[JaegerSpan]], bool]:
    """Whether spans of all these names are there: processes export theirs when they like."""
    return lambda spans: set(names) <= {span.name for span in spans}


def paths(topics: Topics) -> list[tuple[str, str, str]]:
    """Every span of a first login: kind, name, and the name of the one above it."""
    steps = [topics.action("default", name) for name in ACTIONS]
    hops = [topics.requested("post-login"), *steps, topics.assemble]
    decided = topics.decided("post-login")
    email, patch = topics.effects("email"), topics.user_metadata
    found = [("server", CALL, "provider"), ("producer", f"send {hops[0]}", CALL)]
    for here, there in zip(hops, [*hops[1:], decided], strict=True):
        found.append(("consumer", f"process {here}", f"send {here}"))
        found.append(("producer", f"send {there}", f"process {here}"))
    found += [
        ("internal", f"run {name}", f"process {step}")
        for name, step in zip(ACTIONS, steps, strict=True)
    ]
    found += [
        ("client", "connect 127.0.0.1", "run crm-enrich"),
        ("producer", f"send {topics.answers}", CALL),
        ("producer", f"send {topics.executions}", f"process {topics.assemble}"),
        ("consumer", f"process {decided}", f"send {decided}"),
    ]
    for topic in (topics.replies, patch, email):
        found.append(("producer", f"send {topic}", f"process {decided}"))
        found.append(("consumer", f"process {topic}", f"send {topic}"))
    found += [
        ("client", "SMTP", f"process {email}"),
        ("producer", f"send {topics.effects_done('email')}", f"process {email}"),
        ("producer", f"send {topics.user_metadata_done}", f"process {patch}"),
    ]
    return found


def seen(spans: list[JaegerSpan], provider: str) -> list[tuple[str, str, str]]:
    """The same of what Jaeger has."""
    names = {span.id: span.name for span in spans} | {provider: "provider"}
    return [(span.kind, span.name, names.get(span.parent, "nobody")) for span in spans]


def test_every_span_of_a_login_is_in_jaeger(ground: Ground) -> None:
    """From the provider's call over five actions to the reply, the e-mail and the metadata."""
    trace, provider = ground.login("first-login.json")
    expected = Counter(paths(ground.topics))
    spans = ground.jaeger.trace(trace, lambda spans: len(spans) >= expected.total())
    assert Counter(seen(spans, provider)) == expected
    assert [span for span in spans if span.failed] == []
    _check_attributes(ground.topics, spans)
    said = f"{[(span.name, dict(span.attributes)) for span in spans]}".lower()
    assert [word for word in ("ada@", "lovelace", "65f0a1b2", "203.0.113") if word in said] == []


def _check_attributes(topics: Topics, spans: list[JaegerSpan]) -> None:
    by_id = {span.id: span for span in spans}
    flow = named(spans, CALL).attributes["authstream.flow_id"]
    for span in spans:
        said = span.attributes
        if span.kind in ("producer", "consumer"):
            operation, topic = span.name.split(" ")
            assert said["messaging.system"] == "kafka"
            assert said["messaging.operation.name"] == operation
            assert said["messaging.operation.type"] == operation
            assert said["messaging.destination.name"] == topic
        if span.kind == "consumer":
            assert span.links == (span.parent,)
            assert said["messaging.destination.partition.id"].isdigit()
            assert isinstance(said["messaging.kafka.offset"], int)
            assert said["authstream.flow_id"] == flow, span.name
            assert said["authstream.tenant"] == "shop", span.name
            if span.service == WORKER:
                group = said["messaging.consumer.group.name"]
                assert group.startswith(f"{topics.prefix}.")
        if span.name.startswith("run "):
            assert (said["authstream.flow_id"], said["authstream.version"]) == (flow, 1)
            assert said["authstream.outcome"] == "ok"
            assert by_id[span.parent].kind == "consumer"
    assert {span.service for span in spans} == {WORKER, GATEWAY}
    assert named(spans, "connect 127.0.0.1").attributes["network.transport"] == "tcp"
    assert named(spans, f"process {topics.assemble}").attributes["authstream.outcome"] == "allowed"
    call = named(spans, CALL).attributes
    assert call["http.response.status_code"] == 200
    assert call["http.route"] == "/v1/triggers/post-login"
    assert call["authstream.outcome"] == "allowed"


def test_a_denial_is_an_answer_and_a_failed_step_an_error(ground: Ground) -> None:
    """The action that denied says so, without an error; nothing after it has run."""
    trace, _ = ground.login("embargoed.json")
    denied_at, replied = f"process {ground.topics.denied}", f"process {ground.topics.replies}"
    spans = ground.jaeger.trace(trace, having(replied, denied_at, "run risk-deny"))
    denied = named(spans, "run risk-deny")
    assert (denied.attributes["authstream.outcome"], denied.failed) == ("denied", False)
    assert named(spans, denied_at).attributes["authstream.outcome"] == "denied"
    assert [span.name for span in spans if span.name == "run claims"] == []
    trace, _ = ground.login("unknown-to-crm.json")
    spans = ground.jaeger.trace(trace, having(replied, "run claims"))
    failed = [span for span in spans if span.failed]
    assert [(span.name, span.attributes["error.type"]) for span in failed] == [
        ("run crm-enrich", "action_error")
    ]


def test_the_worker_is_scraped(ground: Ground) -> None:
    """What these logins were is in the worker's metrics too."""
    page = httpx.get(f"{ground.metrics}/metrics").text
    for line in (
        'authstream_verdicts_total{code="",outcome="allowed",trigger="post-login"}',
        'authstream_action_runs_total{action="risk-deny",status="denied"} 1.0',
        'authstream_action_bound{action="welcome"} 1.0',
        'authstream_effects_total{kind="email",status="delivered"} 1.0',
        'authstream_stage_duration_seconds_count{stage="entry"} 3.0',
        "authstream_worker_restarts_total 0.0",
        "process_resident_memory_bytes",
    ):
        assert line in page


@pytest.mark.browser
def test_a_picture_for_the_documentation(ground: Ground, tmp_path: Path) -> None:
    """What the documentation shows is a trace that Jaeger has; AUTHSTREAM_PICTURES keeps it."""
    trace, _ = ground.login("first-login.json")
    total = len(paths(ground.topics))
    spans = ground.jaeger.trace(trace, lambda spans: len(spans) >= total)
    file = Path(os.environ.get("AUTHSTREAM_PICTURES") or tmp_path) / PICTURE
    shown = [replace(span, name=span.name.replace(ground.topics.prefix, "auth")) for span in spans]
    with running_browser() as browser:
        title = "A first login, from the provider's call to the e-mail"
        draw(shown, title, browser=browser, file=file)
    assert file.stat().st_size < PICTURE_BYTES
    for page in ("README.md", "docs/how-to/trace.md"):
        assert f"images/{PICTURE}" in (ROOT / page).read_text()


@pytest.mark.parametrize(
    ("attributes", "failed", "seconds", "kept"),
    [
        ({"authstream.outcome": "denied"}, False, 0.1, True),
        ({"authstream.outcome": "suspended"}, False, 0.1, True),
        ({}, True, 0.1, True),
        ({"authstream.outcome": "ok"}, False, 1.5, True),
        ({"authstream.outcome": "ok"}, False, 0.1, False),
    ],
)
def test_the_collector_keeps_what_is_worth_looking_at(
    tmp_path: Path, attributes: dict[str, str], *, failed: bool, seconds: float, kept: bool
) -> None:
    """`deploy/otel/collector.yaml`, in Jaeger's own collector; its tenth of the rest left out."""
    said: dict[str, Any] = yaml.safe_load(COLLECTOR.read_text())["processors"]["tail_sampling"]
    said["decision_wait"] = "1s"
    said["policies"] = [one for one in said["policies"] if one["type"] != "probabilistic"]
    with jaeger(tmp_path, {"tail_sampling": said}) as server:
        provider = TracerProvider()
        exporter = OTLPSpanExporter(f"{server.otlp}/v1/traces")
        provider.add_span_processor(SimpleSpanProcessor(exporter))
        traces = [
            _span(provider, attributes, failed=failed, seconds=seconds),
            _span(provider, {}, failed=True, seconds=0.1),
        ]
        # The second is kept for certain: once it is there, both have been decided.
        server.trace(traces[1], bool)
        assert bool(server.spans(traces[0])) == kept
        provider.shutdown()


def _span(
    provider: TracerProvider, attributes: dict[str, str], *, failed: bool, seconds: float
) -> str:
    began = time.time_ns() - int(seconds * 1e9)
    span = provider.get_tracer("test").start_span("run", attributes=attributes, start_time=began)
    if failed:
        span.set_status(StatusCode.ERROR)
    span.end()
    return f"{span.get_span_context().trace_id:032x}"
