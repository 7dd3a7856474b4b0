"""email: what the mail server gets, and what its replies mean for another try."""

from __future__ import annotations

import ssl
import subprocess
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest

from authstream.effects.email import EmailDelivery, message
from authstream.errors import DeliveryError
from authstream.outbound.mail_templates import names, render
from authstream.outbound.verification import LinkRefusedError, verified
from authstream.settings import LinkSettings, Settings
from tests.contract.test_effect_kinds import effect
from tests.smtp_server import SmtpServer

MAIL = {"to": "ada@example.com", "subject": "Hello", "text": "Text"}
KEY = "k" * 32


@pytest.fixture
async def started(
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[tuple[EmailDelivery, SmtpServer]]:
    """The kind and the server it sends to."""
    with SmtpServer() as server:
        monkeypatch.setenv("AUTHSTREAM_SMTP__PORT", f"{server.port}")
        monkeypatch.setenv("AUTHSTREAM_LINKS__KEY", KEY)
        kind = EmailDelivery()
        await kind.start()
        yield kind, server
        await kind.stop()


Started = tuple[EmailDelivery, SmtpServer]


async def test_an_e_mail_is_the_same_each_time(started: Started) -> None:
    """Message-ID and date come from the effect, so a mail client can drop a duplicate."""
    kind, server = started
    for _ in range(2):
        await kind.deliver(effect("email", {**MAIL, "html": "<b>Text</b>"}))
    first, second = server.mails
    assert first["Message-ID"] == "<3f1d4f6e-0000-5000-8000-000000000001@authstream>"
    assert first["Date"] == second["Date"] == "Tue, 14 Nov 2023 22:13:20 -0000"
    assert [part.get_content_type() for part in first.iter_parts()] == ["text/plain", "text/html"]


async def test_a_connection_is_used_again(started: Started) -> None:
    """One handshake for many e-mails; a connection that the server closed is not used."""
    kind, server = started
    for _ in range(3):
        await kind.deliver(effect("email", MAIL))
    assert server.connections == 1
    server.go_down()
    server.go_up()
    await kind.deliver(effect("email", MAIL))
    assert (server.connections, len(server.mails)) == (2, 4)


@pytest.mark.parametrize("reply", ["451 later", "421 going down", "550 no"])
async def test_replies_of_400_may_be_different_next_time(started: Started, reply: str) -> None:
    """Those of 500 are final (RFC 5321 section 4.2.1)."""
    kind, server = started
    server.moods = [reply]
    with pytest.raises(DeliveryError, match=reply[:3]) as failed:
        await kind.deliver(effect("email", MAIL))
    assert failed.value.permanent is reply.startswith("5")


async def test_a_recipient_that_is_refused_for_now_is_not_the_servers_fault(
    started: Started,
) -> None:
    """Greylisting of one address opens no circuit for all the others."""
    kind, server = started
    server.refusals = ["450 greylisted"]
    with pytest.raises(DeliveryError) as failed:
        await kind.deliver(effect("email", MAIL))
    assert (failed.value.permanent, failed.value.down) == (False, False)


async def test_a_server_that_is_down_is_tried_again(started: Started) -> None:
    """The error names the server, not the recipient."""
    kind, server = started
    server.go_down()
    with pytest.raises(DeliveryError, match=f"127.0.0.1:{server.port} cannot be reached") as failed:
        await kind.deliver(effect("email", MAIL))
    assert (failed.value.permanent, failed.value.down) == (False, True)


def self_signed(folder: Path) -> tuple[Path, Path]:
    """A key and a certificate for localhost."""
    key, certificate = folder / "key.pem", folder / "cert.pem"
    making = ("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2")
    files = ("-keyout", f"{key}", "-out", f"{certificate}")
    names = ("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost")
    subprocess.run((*making, *files, *names), check=True, capture_output=True)
    return key, certificate


async def test_tls_is_used_where_it_is_offered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And only with a certificate that the configured authority signed."""
    key, certificate = self_signed(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with SmtpServer(context=context) as server:
        monkeypatch.setenv("AUTHSTREAM_SMTP__HOST", "localhost")
        monkeypatch.setenv("AUTHSTREAM_SMTP__PORT", f"{server.port}")
        for authority, sent in (("", 0), (f"{certificate}", 1)):
            monkeypatch.setenv("AUTHSTREAM_SMTP__TLS_CA", authority)
            monkeypatch.setenv("AUTHSTREAM_SMTP__START_TLS", "true")
            kind = EmailDelivery()
            await kind.start()
            if sent:
                await kind.deliver(effect("email", MAIL))
            else:
                with pytest.raises(DeliveryError):
                    await kind.deliver(effect("email", MAIL))
            await kind.stop()
            assert len(server.mails) == sent


@pytest.mark.parametrize(
    "payload",
    [
        {**MAIL, "to": "ada@example.com\nBcc: all@example.com"},
        {**MAIL, "subject": "a\r\nX: y"},
        {**MAIL, "template": "welcome"},
        {"to": "ada@example.com", "subject": "no text"},
        {**MAIL, "unsubscribe": "http://example.com"},
    ],
)
def test_a_payload_that_makes_no_e_mail_is_refused(payload: dict[str, Any]) -> None:
    """No header can be smuggled in; either a text or a template."""
    with pytest.raises(DeliveryError) as refused:
        message(effect("email", payload), Settings())
    assert refused.value.permanent


def test_a_reader_can_unsubscribe_where_the_order_says_how() -> None:
    """By one click (RFC 8058); a mail without it has no such header."""
    said = {**MAIL, "unsubscribe": "https://example.com/stop?u=1"}
    mail = message(effect("email", said), Settings())
    assert mail["List-Unsubscribe"] == "<https://example.com/stop?u=1>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "List-Unsubscribe" not in message(effect("email", MAIL), Settings())


def test_a_template_gives_subject_text_and_html() -> None:
    """Values are escaped in HTML, and only there."""
    said = {"to": "a@example.com", "template": "welcome", "values": {"name": "<Ada>"}}
    mail = message(effect("email", said), Settings())
    text, html = mail.iter_parts()
    assert mail["Subject"] == "Welcome, <Ada>"
    assert "Hello <Ada>" in text.get_content()
    assert "Welcome, &lt;Ada&gt;" in html.get_content()


def test_the_folder_of_the_operator_comes_first(tmp_path: Path) -> None:
    """Ours can be replaced, others added; a template reaches nothing but its values."""
    (tmp_path / "welcome.txt").write_text("Subject: Hi {{ name }}\n\nHi\n")
    (tmp_path / "evil.txt").write_text("Subject: {{ ''.__class__.__mro__ }}\n\nx\n")
    assert render("welcome", {"name": "Ada"}, folder=f"{tmp_path}").subject == "Hi Ada"
    assert set(names(f"{tmp_path}")) == {"welcome", "evil", "verify-address", "blocked-account"}
    with pytest.raises(DeliveryError, match="evil"):
        render("evil", {}, folder=f"{tmp_path}")


def test_a_value_that_is_missing_is_named() -> None:
    """So that whoever reads the dead letter can repair the action."""
    with pytest.raises(DeliveryError, match="'name' is undefined"):
        render("welcome", {})


def test_an_address_is_verified_by_the_link_in_its_mail(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same link on every try; it says who and which address, and only with our key."""
    monkeypatch.setenv("AUTHSTREAM_LINKS__KEY", KEY)
    settings = Settings()
    values = {"user_id": "user-1"}
    said = {"to": "ada@example.com", "template": "verify-address", "values": values}
    now = effect("email", said, ordered_at=_now())
    texts = [
        message(now, settings).get_body(("plain",)).get_content()  # type: ignore[union-attr]  # it has one
        for _ in range(2)
    ]
    assert texts[0] == texts[1]
    token = texts[0].partition("token=")[2].split()[0]
    found = verified(token, settings.links)
    assert (found.tenant, found.user_id, found.email) == ("acme", "user-1", "ada@example.com")
    for wrong in (token[:-2], jwt.encode({"aud": "verify-address"}, KEY)):
        with pytest.raises(LinkRefusedError, match="not valid"):
            verified(wrong, settings.links)
    with pytest.raises(LinkRefusedError, match="not valid"):
        verified(token, LinkSettings.model_validate({"key": "x" * 32}))


def test_a_link_expires(monkeypatch: pytest.MonkeyPatch) -> None:
    """After the hours that the mail says."""
    monkeypatch.setenv("AUTHSTREAM_LINKS__KEY", KEY)
    settings = Settings()
    long_ago = _now() - int(timedelta(hours=25) / timedelta(milliseconds=1))
    said = {"to": "a@b.c", "template": "verify-address", "values": {"user_id": "u"}}
    mail = message(effect("email", said, ordered_at=long_ago), settings)
    text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]  # it has one
    with pytest.raises(LinkRefusedError, match="expired"):
        verified(text.partition("token=")[2].split()[0], settings.links)


def _now() -> int:
    return int(time.time() * 1000)
