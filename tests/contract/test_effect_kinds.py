"""Every installed kind of effect keeps the contract of a kind, wherever it comes from."""

from __future__ import annotations

import re
from typing import Any

import pytest

from authstream.apps.stages import deliveries
from authstream.contracts.effect import Effect
from authstream.engine.delivery import Delivery, parsed
from authstream.errors import DeliveryError
from tests.http_server import Answer, HttpServer
from tests.smtp_server import SmtpServer

#: A payload that each of our kinds takes.
PAYLOADS: dict[str, dict[str, Any]] = {
    "email": {"to": "ada@example.com", "subject": "Hello", "text": "Text"},
    "kafka": {"topic": "shop.events", "value": {"a": 1}},
    "log": {"message": "hello"},
    "slack": {"text": "hello"},
    "sms": {"to": "+41791234567", "text": "hello"},
    "teams": {"text": "hello"},
    "webhook": {"url": "https://hooks.example.com/a", "body": {"a": 1}},
}
every_kind = pytest.mark.parametrize("kind", deliveries().values(), ids=lambda kind: kind.name)


def effect(kind: str, payload: dict[str, Any], **members: Any) -> Effect:
    """An effect as fanout orders it."""
    said = {
        "id": "3f1d4f6e-0000-5000-8000-000000000001",
        "kind": kind,
        "flow_id": "flow-1",
        "leg": 0,
        "tenant": "acme",
        "trigger": "post-login",
        "action": "welcome",
        "payload": payload,
        "ordered_at": 1_700_000_000_000,
    }
    return Effect.model_validate({**said, **members})


@every_kind
def test_a_kind_has_a_name_that_actions_and_topics_can_use(kind: Delivery) -> None:
    """The pattern of `api.effects.send`, and no name of a delay topic."""
    assert re.fullmatch(r"[a-z][a-z0-9-]{0,62}", kind.name)
    assert not kind.name.startswith("retry-")


@every_kind
def test_a_kind_describes_its_payload(kind: Delivery) -> None:
    """A form can be drawn from its JSON schema, and a member too many is a mistake."""
    schema = kind.inputs.model_json_schema()
    assert (schema["type"], schema["additionalProperties"]) == ("object", False)
    assert schema["description"]


@every_kind
def test_a_payload_of_another_shape_is_refused_for_good(kind: Delivery) -> None:
    """The error names members, never what is in them."""
    with pytest.raises(DeliveryError) as refused:
        parsed(kind.inputs, kind.name, {"secret-member": "secret-value"})
    assert refused.value.permanent
    assert "secret-value" not in f"{refused.value}"


@every_kind
async def test_a_kind_can_be_started_and_stopped_again(kind: Delivery) -> None:
    """A worker may host its stage more than once in its life; nothing is left open."""
    for _ in range(2):
        await kind.start()
        assert kind.destination(effect(kind.name, PAYLOADS.get(kind.name, {})))
        await kind.stop()


@pytest.mark.parametrize("name", ["slack", "teams", "sms"])
async def test_a_notification_reaches_its_service(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Through Apprise, whose plain JSON service stands for the real one here."""
    with HttpServer() as server:
        monkeypatch.setenv(f"AUTHSTREAM_NOTIFY__{name.upper()}", f"json://127.0.0.1:{server.port}/")
        kind = deliveries()[name]
        await kind.start()
        await kind.deliver(effect(name, PAYLOADS[name]))
        server.always(Answer(503))
        with pytest.raises(DeliveryError) as failed:
            await kind.deliver(effect(name, PAYLOADS[name]))
    assert [asked.json["message"] for asked in server.asked][:1] == ["hello"]
    assert not failed.value.permanent


async def test_a_notification_without_a_service_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The reason names the variable to set."""
    monkeypatch.delenv("AUTHSTREAM_NOTIFY__SLACK", raising=False)
    kind = deliveries()["slack"]
    await kind.start()
    with pytest.raises(DeliveryError, match="AUTHSTREAM_NOTIFY__SLACK") as failed:
        await kind.deliver(effect("slack", PAYLOADS["slack"]))
    assert failed.value.permanent


def test_the_test_servers_are_real() -> None:
    """They listen on loopback only, at a port of their own."""
    with SmtpServer() as smtp, HttpServer() as http:
        assert smtp.port != http.port
