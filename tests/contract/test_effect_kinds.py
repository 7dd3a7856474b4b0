"""Every installed kind of effect keeps the contract of a kind, wherever it comes from."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

import authstream.effects
from authstream.apps.stages import deliveries
from authstream.contracts.effect import Effect
from authstream.engine.delivery import Delivery
from authstream.engine.registry import plugins
from authstream.errors import DeliveryError
from authstream.testing.kinds import check_kind
from tests.http_server import Answer, HttpServer
from tests.smtp_server import SmtpServer

#: A payload that each of our kinds takes.
PAYLOADS: dict[str, dict[str, Any]] = {
    "email": {"to": "ada@example.com", "subject": "Hello", "text": "Text"},
    "kafka": {"topic": "shop.events", "value": {"a": 1}},
    "log": {"message": "hello"},
    "notify": {"to": "ops", "text": "hello"},
    "slack": {"text": "hello"},
    "sms": {"to": "+41791234567", "text": "hello"},
    "teams": {"text": "hello"},
    "webhook": {"url": "https://hooks.example.com/a", "body": {"a": 1}},
}


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


@pytest.mark.parametrize("kind", deliveries().values(), ids=lambda kind: kind.name)
async def test_a_kind_keeps_its_promises(kind: Delivery) -> None:
    """Name, schema, refusals, and that it can be started and stopped again."""
    await check_kind(kind, PAYLOADS[kind.name])


#: A kind as another package has it.
PAGER = """
from pydantic import BaseModel, ConfigDict

from authstream.engine.delivery import Delivery


class Inputs(BaseModel):
    \"\"\"Whom to wake.\"\"\"

    model_config = ConfigDict({extra})

    team: str


class Pager(Delivery):
    name = "pager"
    inputs = Inputs

    async def deliver(self, effect):
        pass


PLUGIN = Pager()
"""


def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, extra: str) -> Delivery:
    """The kind of a package with an entry point."""
    (tmp_path / "acme_pager.py").write_text(PAGER.format(extra=extra))
    about = tmp_path / "acme_pager-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-pager\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[authstream.effects]\npager = acme_pager:PLUGIN\n")
    monkeypatch.syspath_prepend(f"{tmp_path}")
    monkeypatch.delitem(sys.modules, "acme_pager", raising=False)
    kind: type[Delivery] = Delivery  # type: ignore[type-abstract]  # only for isinstance
    return plugins(authstream.effects, kind, group="authstream.effects")["pager"]


async def test_a_kind_of_another_package_is_one_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Found by its entry point, and held to the same promises."""
    await check_kind(installed(tmp_path, monkeypatch, extra='extra="forbid"'), {"team": "ops"})


async def test_a_kind_that_breaks_a_promise_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One whose payload may have any member would never tell an action of its mistake."""
    broken = installed(tmp_path, monkeypatch, extra='extra="allow"')
    with pytest.raises(AssertionError, match="a member too many"):
        await check_kind(broken, {"team": "ops"})


@pytest.mark.parametrize("name", ["slack", "teams", "sms", "notify"])
async def test_a_notification_reaches_its_service(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Through Apprise, whose plain JSON service stands for the real one here."""
    with HttpServer() as server:
        url = f"json://127.0.0.1:{server.port}/"
        monkeypatch.setenv(f"AUTHSTREAM_NOTIFY__{name.upper()}", url)
        monkeypatch.setenv("AUTHSTREAM_NOTIFY__SERVICES", f'{{"ops": "{url}"}}')
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


async def test_services_are_known_by_names_of_the_operators() -> None:
    """Each is a destination of its own; an unknown one is given up, naming the variable."""
    kind = deliveries()["notify"]
    await kind.start()
    assert kind.destination(effect("notify", PAYLOADS["notify"])) == "notify ops"
    with pytest.raises(DeliveryError, match="AUTHSTREAM_NOTIFY__SERVICES") as failed:
        await kind.deliver(effect("notify", {**PAYLOADS["notify"], "to": "nobody"}))
    assert failed.value.permanent


def test_the_test_servers_are_real() -> None:
    """They listen on loopback only, at a port of their own."""
    with SmtpServer() as smtp, HttpServer() as http:
        assert smtp.port != http.port
