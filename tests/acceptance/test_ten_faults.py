"""Faults, and for each a metric, a log line, a span and an explanation that name its cause.

That of a broker is in tests/chaos: it takes as long as a broker takes to come back.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from opentelemetry.trace import SpanKind, StatusCode

from authstream.contracts import headers as h
from authstream.contracts.avro import encode
from authstream.engine.ports import Output
from authstream.engine.signature import signed
from tests.fault_ground import Ground, faults
from tests.kafka_server import KafkaServer
from tests.samples import envelope, step
from tests.smtp_server import SmtpServer

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(120)]


@pytest.fixture(scope="module")
def ground(kafka: KafkaServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """One worker for all faults; nothing listens where e-mails go."""
    with SmtpServer() as smtp:
        port = smtp.port
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("AUTHSTREAM_SMTP__PORT", f"{port}")
        with faults(kafka.bootstrap, "t-faults", tmp_path_factory.mktemp("faults")) as made:
            yield made


def test_a_slow_action(ground: Ground) -> None:
    """Which one, and how long of how much; the login itself is fine."""
    seen = ground.decided(ground.login("slow"))
    assert "ALLOWED" in seen.story.headline
    assert "act was slow: 7" in seen.text
    assert ": here comes slow" in seen.text
    line = seen.logged("run_slow")
    assert (line["action"], line["ms"] > 700) == ("act", True)
    span = seen.span("run act")
    assert (span.end_time or 0) - (span.start_time or 0) > 700_000_000
    assert seen.grew("authstream.action.duration", "act") == 1


def test_an_action_that_throws(ground: Ground) -> None:
    """The author's own error with its line."""
    seen = ground.decided(ground.login("throws"))
    assert "it failed in act with action_error: ValueError: no such plan" in seen.text
    assert "action.py" in seen.text
    assert "authstream actions rollback act" in seen.text
    assert seen.logged("run_failed")["error"] == "ValueError: no such plan"
    assert seen.logged("flow_failed")["code"] == "action_error"
    assert seen.grew("authstream.action.runs", "act", "error") == 1
    assert seen.grew("authstream.verdicts", "post-login", "failed", "action_error") == 1
    span = seen.span("run act")
    assert (span.status.status_code, (span.attributes or {})["error.type"]) == (
        StatusCode.ERROR,
        "action_error",
    )


def test_an_action_over_its_time(ground: Ground) -> None:
    """A slow one that was not waited for."""
    seen = ground.decided(ground.login("late"))
    assert "it failed in act with action_timeout: " in seen.text
    assert seen.logged("run_failed")["status"] == "timeout"
    assert seen.grew("authstream.action.runs", "act", "timeout") == 1
    assert (seen.span("run act").attributes or {})["error.type"] == "action_timeout"


def test_mail_that_cannot_be_delivered(ground: Ground) -> None:
    """The login is fine; its e-mail waits for the server, which is named."""
    flow = ground.login("mail")
    seen = ground.seen(flow, until=lambda found: found.executions and found.retries)
    assert "ALLOWED" in seen.story.headline
    assert "email not delivered, 1 try so far" in seen.text
    assert "Connect" in seen.flow.retries[0].reason
    assert "email is tried again by itself" in seen.text
    line = seen.logged("effect_waits")
    assert (line["kind"], line["attempt"]) == ("email", 1)
    assert seen.grew("authstream.effects", "email", "retried") >= 1
    span = seen.span("SMTP")
    assert (span.kind, span.status.status_code) == (SpanKind.CLIENT, StatusCode.ERROR)
    above = seen.span(f"process {ground.assembled.topics.effects('email')}")
    assert span.parent == above.context


def test_a_denied_country(ground: Ground) -> None:
    """Who denied it, and in which words."""
    seen = ground.decided(ground.login("denied"))
    assert "DENIED" in seen.story.headline
    assert "act denied it: no logins from KP" in seen.text
    line = seen.logged("flow_denied")
    assert (line["action"], line["reason"]) == ("act", "no logins from KP")
    span = seen.span("run act")
    assert (span.attributes or {})["authstream.outcome"] == "denied"
    assert span.status.status_code is not StatusCode.ERROR
    assert seen.grew("authstream.action.runs", "act", "denied") == 1


def test_a_memory_bomb(ground: Ground) -> None:
    """The limit it ran into, and where to raise it."""
    seen = ground.decided(ground.login("bomb"))
    assert "limits.memory of " in seen.text
    assert "limits.memory" in seen.logged("run_failed")["error"]
    assert (seen.span("run act").attributes or {})["error.type"] == "action_error"
    assert seen.grew("authstream.guest.over_memory", "act") == 1


def test_a_poisoned_record(ground: Ground) -> None:
    """What it was, where it is now, and that the login failed of it."""
    topics = ground.assembled.topics
    headers = {h.FLOW_ID: "poisoned", h.TENANT: "default", h.TRIGGER: "post-login", h.LEG: "0"}
    topic = topics.action("default", "act")
    ground.publish("poisoned", Output(topic, b"k", b"\xc3\x01 no record", h.make(headers)))
    seen = ground.seen("poisoned", until=lambda found: found.executions and found.letters)
    assert "it failed with undecodable" in seen.text or "unknown_schema" in seen.text
    assert f"a record of {topic} was set aside by action.act" in seen.text
    assert "authstream dead-letters show" in seen.text
    refused = [one for one in ground.logs if one["event"] == "message_refused"]
    assert any(one["topic"] == topic for one in refused)
    span = seen.span(f"process {topic}")
    assert span.status.status_code is StatusCode.ERROR
    code = str((span.attributes or {})["error.type"])
    assert seen.grew("authstream.dead_letters", "action.act", code) == 1


def test_a_wrong_signature(ground: Ground) -> None:
    """Nobody is answered for it: the record is set aside, and which key to look at is said."""
    act = step("act").model_copy(update={"topic": ground.assembled.topics.action("default", "act")})
    forged = envelope(steps=(act,), flow_id="forged", runs=())
    forged = signed(
        forged.model_copy(update={"slip": forged.slip.model_copy(update={"position": 0})}),
        b"the key of somebody else",
    )
    headers = {h.FLOW_ID: "forged", h.TENANT: "default", h.TRIGGER: "post-login", h.LEG: "0"}
    ground.publish("forged", Output(act.topic, b"k", encode(forged), h.make(headers)))
    seen = ground.seen("forged", until=lambda found: found.letters)
    assert seen.flow.letters[0].reason == "unsigned_slip"
    assert "not signed with our key" in seen.text
    assert "AUTHSTREAM_SLIP_KEY" in seen.text
    refused = [one for one in ground.logs if one["event"] == "message_refused"]
    assert any(one["code"] == "unsigned_slip" for one in refused)
    span = seen.span(f"process {act.topic}")
    assert (span.attributes or {})["error.type"] == "unsigned_slip"
    assert seen.grew("authstream.stage.refused", "action.act", "unsigned_slip") == 1
    assert seen.grew("authstream.dead_letters", "action.act", "unsigned_slip") == 1


def test_a_consumer_that_fell_behind_and_a_deadline_that_passed(ground: Ground) -> None:
    """Where a login lay, and for how long; of two, one still was in time."""
    patient = ground.login("behind")
    hurried = ground.login("behind", **{h.DEADLINE: f"{int(time.time() * 1000) + 700}"})
    kept = ground.assembled.topics.action("default", "behind")
    ground.lies(kept, 2, at_least=timedelta(milliseconds=800))
    ground.host("action.behind")
    waited, expired = ground.decided(patient), ground.decided(hurried)
    assert "ALLOWED" in waited.story.headline
    assert "in the topic of behind, before it ran: the stage of behind was behind" in waited.text
    assert waited.logged("run_slow")["lay_ms"] >= 500
    assert waited.grew("authstream.stage.queue", "action.behind") == 2
    begun = waited.span(f"process {kept}").start_time or 0
    assert begun - (waited.span(f"send {kept}").end_time or 0) > 500_000_000
    assert "it failed in behind with timeout: the deadline passed before the action" in expired.text
    assert "in its topic" in expired.logged("flow_failed")["reason"]
    assert "its consumer group's lag" in expired.text
    assert expired.grew("authstream.verdicts", "post-login", "failed", "timeout") == 1
    span = expired.span(f"process {kept}")
    assert (span.attributes or {})["error.type"] == "timeout"
