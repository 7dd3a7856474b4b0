"""Log lines: JSON with component, trace and flow, levels by component, and never a secret."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from opentelemetry.sdk.trace import TracerProvider
from pydantic import SecretStr

from authstream import telemetry
from authstream.apps import logs
from authstream.contracts.envelope import ConsoleLine, Run
from authstream.settings import Settings, SmtpSettings
from authstream.stages import console_log

RUN = Run(
    action="crm",
    version=3,
    started_at=1,
    duration_ms=1.0,
    status="ok",
    console=(ConsoleLine(level="info", text="found"), ConsoleLine(level="odd", text="too")),
)


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    """Other tests log as they did."""
    handlers = logging.root.handlers[:]
    yield
    logging.root.handlers[:] = handlers
    structlog.reset_defaults()


def configure(**settings: Any) -> None:
    """As a process does, whose standard library's logging nobody has set up."""
    logging.root.handlers[:] = []
    logs.configure(Settings(**settings))


def said(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """The lines on standard error."""
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_a_line_names_component_trace_and_flow(capsys: pytest.CaptureFixture[str]) -> None:
    """So that all of one login is found by one search, in any process."""
    configure()
    telemetry.AT_WORK.set((("authstream-flow-id", b"flow-1"),))
    with TracerProvider().get_tracer("test").start_as_current_span("hop") as span:
        structlog.get_logger("authstream.stage").warning("message_refused", code="too_large")
    telemetry.AT_WORK.set(())
    structlog.get_logger("authstream.stage").info("idle")
    refused, idle = said(capsys)
    made = span.get_span_context()
    assert (refused["component"], refused["level"], refused["flow_id"]) == (
        "stage",
        "warning",
        "flow-1",
    )
    assert (refused["trace_id"], refused["span_id"]) == (
        f"{made.trace_id:032x}",
        f"{made.span_id:016x}",
    )
    assert {"trace_id", "flow_id"} & idle.keys() == set()


def test_each_component_has_its_level(capsys: pytest.CaptureFixture[str]) -> None:
    """More of one, less of another, the rest as it is set for all."""
    configure(log_level="warning", log_levels={"consumer": "debug", "runner": "off"})
    for name in ("authstream.consumer", "authstream.runner", "authstream.stage"):
        log = structlog.get_logger(name)
        log.debug("fine")
        log.info("plain")
        log.error("bad")
    assert [(line["component"], line["event"]) for line in said(capsys)] == [
        ("consumer", "fine"),
        ("consumer", "plain"),
        ("consumer", "bad"),
        ("stage", "bad"),
    ]


def test_no_line_has_a_secret(capsys: pytest.CaptureFixture[str]) -> None:
    """Neither a value of the settings, wherever it stands, nor what is named as a secret is."""
    smtp = SmtpSettings(password=SecretStr("hunter2-smtp"))
    configure(smtp=smtp, slip_key=SecretStr("a-slip-key"))
    structlog.get_logger("authstream.worker").error(
        "failed",
        reason="login with hunter2-smtp refused",
        command=["--key", "a-slip-key"],
        token="abc",
        nested={"authorization": "kept-as-said", "deep": "a-slip-key"},
    )
    try:
        int("hunter2-smtp")
    except ValueError:
        structlog.get_logger("authstream.worker").exception("broke")
    text = json.dumps(lines := said(capsys))
    assert [line["event"] for line in lines] == ["failed", "broke"]
    assert "hunter2" not in text
    assert "a-slip-key" not in text
    assert lines[0]["token"] == "[redacted]"
    assert "ValueError" in lines[1]["exception"]


def test_libraries_are_quiet_and_speak_json(capsys: pytest.CaptureFixture[str]) -> None:
    """Warnings only, Faust's and aiokafka's errors only; quotes in a message break nothing."""
    configure()
    logging.getLogger("httpx").info("GET /")
    logging.getLogger("faust").warning("rebalancing")
    logging.getLogger("authstream.librdkafka").warning('broker "%s" is down', "b")
    (line,) = said(capsys)
    assert (line["component"], line["event"]) == ("librdkafka", 'broker "b" is down')


@pytest.mark.parametrize("levels", [{}, {"console": "info"}])
def test_console_lines_are_logged_only_when_asked(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, levels: dict[str, str]
) -> None:
    """With action and version, at their own level; not unasked, as they may be personal."""
    configure(log_levels=levels)
    # One that was used under another configuration stays as it is.
    monkeypatch.setattr(console_log, "_LOG", structlog.get_logger("authstream.console"))
    console_log.log_console(RUN)
    assert [
        (line["component"], line["action"], line["version"], line["level"], line["text"])
        for line in said(capsys)
    ] == [("console", "crm", 3, "info", text) for text in ("found", "too") if levels]
