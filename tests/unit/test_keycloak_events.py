"""Keycloak's jar, and what its own events and its event log become."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml

from authstream.apps.ingest import stages
from authstream.apps.stages import triggers
from authstream.contracts import headers as h
from authstream.engine.provider import Asked, Peer
from authstream.errors import ConfigurationError, InvalidCallError, InvalidEventError, RecordError
from authstream.idp.keycloak import PLUGIN
from authstream.settings import Settings
from authstream.stages.ingest import Ingest
from tests.keycloak_events import EVENT, LINE, SPAN, TRACE
from tests.samples import message

PEER = Peer("told", "acme")


def heard(said: dict[str, Any], **triggers_of: str) -> Asked:
    """What a record tells."""
    peer = Peer("told", "acme", triggers=triggers_of)
    asked = PLUGIN.hear(orjson.dumps(said), peer)
    assert asked is not None
    return asked


def test_the_jar_is_the_same_every_time() -> None:
    """A zip with both scripts, each with what they share, and their description."""
    content = PLUGIN.extension()
    assert content == PLUGIN.extension()
    with zipfile.ZipFile(io.BytesIO(content)) as jar:
        described = orjson.loads(jar.read("META-INF/keycloak-scripts.json"))
        scripts = [one["fileName"] for kind in described.values() for one in kind]
        assert sorted(described) == ["authenticators", "mappers"]
        assert all(b"function ask(" in jar.read(script) for script in scripts)


def test_an_event_becomes_one_of_its_trigger() -> None:
    """A registration is post-user-registration, valid for it, under the event's own id."""
    asked = heard(EVENT)
    assert (asked.trigger, asked.id, asked.trace) == ("post-user-registration", "1b6f", None)
    event = triggers()["post-user-registration"].parse(orjson.dumps(asked.event))
    assert event["user"] == {"user_id": "u-1", "username": "ada", "email": "ada@example.com"}
    assert (event["tenant"]["id"], event["connection"]["name"]) == ("acme", "shop")


def test_a_login_is_a_message_unless_the_connection_says_otherwise() -> None:
    """Whoever has the scripts has decided it already; others may want the flow all the same."""
    login = {**EVENT, "type": "LOGIN"}
    asked = heard(login)
    assert asked.trigger == "event-stream"
    message_of = triggers()["event-stream"].parse(orjson.dumps(asked.event))["message"]
    assert (message_of["type"], message_of["data"]["userId"]) == ("keycloak.LOGIN", "u-1")
    assert message_of["time"] == "2026-11-23T01:47:35.733+00:00"
    assert triggers()["event-stream"].tenant(asked.event) == "acme"
    assert heard(login, LOGIN="post-login").trigger == "post-login"


def test_what_administrators_do_is_told_too() -> None:
    """By operation and resource, as a message."""
    said = {"id": "2", "operationType": "CREATE", "resourceType": "USER", "resourcePath": "users/1"}
    asked = heard(said)
    assert asked.event["message"]["type"] == "keycloak.CREATE.USER"


def test_a_line_of_the_event_log_has_its_trace() -> None:
    """The span of the request that wrote it; quoted members as they were."""
    asked = heard(LINE)
    assert asked.trigger == "post-change-password"
    assert asked.trace == f"00-{TRACE}-{SPAN}-01"
    assert asked.event["user"] == {"user_id": "u-1", "username": 'a "b"'}
    assert asked.id == heard(LINE).id
    assert heard({**LINE, "timestamp": "later"}).id != asked.id


@pytest.mark.parametrize("mdc", [None, {}, {"traceId": TRACE}, {"traceId": "x", "spanId": SPAN}])
def test_a_line_without_a_trace_is_told_all_the_same(mdc: object) -> None:
    """Tracing may be off."""
    assert heard({**LINE, "mdc": mdc}).trace is None


def test_other_lines_tell_nothing() -> None:
    """A log has more than events."""
    assert PLUGIN.hear(orjson.dumps({**LINE, "loggerName": "org.keycloak.services"}), PEER) is None


@pytest.mark.parametrize("record", [b"", b"not JSON", b"[]", b"{}", b'{"type": 7}'])
def test_what_keycloak_does_not_write_is_refused(record: bytes) -> None:
    """By the one error that `hear` has."""
    with pytest.raises(InvalidCallError):
        PLUGIN.hear(record, PEER)


def ingest(root: Path, **said: object) -> Ingest:
    """The stage of a connection that reads a topic."""
    (root / "connections").mkdir()
    connection = {"provider": "keycloak", "topic": "keycloak.events", **said}
    (root / "connections" / "told.yaml").write_text(yaml.safe_dump(connection))
    (root / ".secrets.yaml").write_text("connections/told: {current: a-secret-long-enough}\n")
    (stage,) = stages(root, Settings())
    return stage


def test_the_stage_writes_to_the_triggers_topic(tmp_path: Path) -> None:
    """With the id that makes a record sent twice one flow, and no browser to send away."""
    stage = ingest(tmp_path)
    (output,) = stage.handle(message("keycloak.events", orjson.dumps(EVENT)))
    assert output.topic == "auth.post-user-registration.requested.v1"
    assert h.text(output.headers, h.CE_ID) == "1b6f"
    assert h.text(output.headers, h.CE_SOURCE) == "/connections/told"
    assert h.text(output.headers, h.INTERACTIVE) == "no"
    other = orjson.dumps({"loggerName": "other"})
    assert stage.handle(message("keycloak.events", other)) == []


def test_the_stage_goes_on_in_keycloaks_trace(tmp_path: Path) -> None:
    """A shipper's own trace context gives way to that of the request; without one it stays."""
    stage, shipped = ingest(tmp_path), {"traceparent": f"00-{'1' * 32}-{'2' * 16}-01"}
    line = message("keycloak.events", orjson.dumps(LINE), headers=shipped)
    event = message("keycloak.events", orjson.dumps(EVENT), headers=shipped)
    assert h.text(stage.origin(line), "traceparent") == f"00-{TRACE}-{SPAN}-01"
    assert stage.origin(event) == event.headers


def test_what_cannot_be_told_is_a_dead_letter(tmp_path: Path) -> None:
    """Neither another form nor an event without its user stops the others."""
    stage = ingest(tmp_path)
    nobody = orjson.dumps({**EVENT, "userId": None})
    for value in (b"not JSON", nobody):
        record = message("keycloak.events", value)
        with pytest.raises(RecordError) as refused:
            stage.handle(record)
        assert stage.origin(record) == record.headers
        (letter,) = stage.refuse(record, refused.value)
        assert h.text(letter.headers, h.DEAD_REASON) == refused.value.code
    assert not issubclass(type(refused.value), InvalidEventError)


def test_only_a_provider_that_tells_has_a_topic(tmp_path: Path) -> None:
    """And only a connection with a topic is read."""
    with pytest.raises(ConfigurationError, match="leave topic out"):
        ingest(tmp_path, provider="ory-hydra")


def test_a_folder_without_topics_has_nothing_to_read(tmp_path: Path) -> None:
    """Said with the line to add."""
    with pytest.raises(ConfigurationError, match=r"topic: keycloak\.events"):
        ingest(tmp_path, topic="")
