"""E-mails of logins over real SMTP, with the gateway: verified addresses, and an own provider."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any

import httpx
import pytest
import yaml

from authstream.contracts import headers as h
from authstream.contracts.avro import decode
from authstream.contracts.effect import Effect, EffectDone, MetadataPatch
from authstream.contracts.topics import Topics
from authstream.outbound.verification import VerifiedAddress, link
from authstream.settings import LinkSettings
from tests.gateway_ground import Ground, folder, records_of, secret_of, serving
from tests.kafka_log import until
from tests.samples import event
from tests.smtp_server import SmtpServer

TOPICS = Topics()
BEARER = {"authorization": f"Bearer {secret_of('shop')}"}
LINK_KEY = "a-key-of-links-in-tests-with-32-characters"
#: Sends a code and the browser to a page that asks for it; goes on when it is right.
WELCOME = """
import hashlib

def code_of(event):
    digest = hashlib.sha256(event.user.user_id.encode()).hexdigest()
    return str(int(digest, 16) % 10**6).zfill(6)

def on_execute_post_login(event, api):
    to, who = event.user.email, event.user.user_id
    if who.startswith("unproven"):
        mail = {"to": to, "subject": "Your code", "text": f"Your code is {code_of(event)}."}
        api.effects.send("email", mail, {"on": "suspended"})
        api.redirect.send_user_to("https://shop.example.com/code")
    elif who.startswith("new"):
        api.effects.send("email", {"to": to, "template": "welcome", "values": {"name": who}})

def on_continue_post_login(event, api):
    if event.request.body.get("code") != code_of(event):
        api.access.deny("wrong code")
    else:
        api.user.set_app_metadata("verified_email", event.user.email)
"""
#: What it delivers, it says in the log: a kind that a test can see.
MAILER = """
def on_execute_custom_email_provider(event, api):
    mail = event.notification
    if mail.to.startswith("new-drop"):
        api.notification.drop("no consent")
    else:
        api.effects.send("log", {"message": f"{mail.subject} for {event.user.user_id}"})
"""


@dataclass
class Site:
    """Everything that runs, and the mail server."""

    ground: Ground
    smtp: SmtpServer

    def login(self, user: str) -> dict[str, Any]:
        """The verdict on a login."""
        body = event(user={"user_id": user, "email": f"{user}@example.com"})
        url = f"{self.ground.hooks('shop')}/post-login"
        said: dict[str, Any] = httpx.post(url, json=body, headers=BEARER, timeout=30).json()
        return said

    def mail(self, to: str) -> EmailMessage:
        """The one e-mail to an address."""
        found: list[EmailMessage] = []

        def arrived() -> bool:
            found[:] = [mail for mail in self.smtp.mails if mail["To"] == to]
            return bool(found)

        until(arrived, f"an e-mail to {to}")
        (mail,) = found
        return mail


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Two flows: logins, and welcome e-mails by an action of the tenant's."""
    root = folder(tmp_path_factory.mktemp("mails"), {"shop": {"provider": "generic"}})
    (root / "actions" / "policy" / "action.py").write_text(WELCOME)
    mailer = root / "actions" / "mailer"
    mailer.mkdir()
    (mailer / "action.yaml").write_text("trigger: custom-email-provider\n")
    (mailer / "action.py").write_text(MAILER)
    only = (
        'has(event.notification.message_type) && event.notification.message_type == "welcome_email"'
    )
    flow = {"trigger": "custom-email-provider", "actions": [{"action": "mailer", "when": only}]}
    (root / "flows" / "mails.yaml").write_text(yaml.safe_dump(flow))
    with SmtpServer() as smtp:
        said = {"AUTHSTREAM_SMTP__PORT": f"{smtp.port}", "AUTHSTREAM_LINKS__KEY": LINK_KEY}
        with serving(root, said) as ground:
            yield Site(ground, smtp)


def back(site: Site, state: str, code: str) -> dict[str, Any]:
    """The browser comes back with a code, as the page of the shop sends it."""
    url = f"{site.ground.url}/continue"
    said: dict[str, Any] = httpx.post(
        url, params={"state": state}, data={"code": code}, timeout=30
    ).json()
    return said


def test_an_address_is_verified_by_the_code_in_its_mail(site: Site) -> None:
    """Mail, redirect, the page's form, `/continue`: the user is let in, and it is remembered."""
    left = site.login("unproven-ada")
    assert left["outcome"] == "suspended"
    text = site.mail("unproven-ada@example.com").get_content()
    (code,) = re.findall(r"[0-9]{6}", text)
    assert back(site, left["state"], code)["outcome"] == "allowed"
    (record,) = records_of(site.ground, TOPICS.user_metadata, "default/unproven-ada", 1)
    patch = decode(MetadataPatch, record.value)
    assert patch.app_metadata == {"verified_email": "unproven-ada@example.com"}


def test_a_wrong_code_keeps_the_user_out(site: Site) -> None:
    """The action says so."""
    left = site.login("unproven-eve")
    site.mail("unproven-eve@example.com")
    assert back(site, left["state"], "none")["outcome"] == "denied"


def test_a_tenants_action_delivers_what_it_is_bound_to(site: Site) -> None:
    """Its own service gets one mail, one is dropped; the mail server gets neither."""
    for user in ("new-ada", "new-drop-bob"):
        assert site.login(user)["outcome"] == "allowed"
    delivered, dropped = (
        records_of(site.ground, TOPICS.effects_done("email"), f"default/{user}", 1)[0]
        for user in ("new-ada", "new-drop-bob")
    )
    done, not_sent = decode(EffectDone, delivered.value), decode(EffectDone, dropped.value)
    assert (done.status, done.attempts) == ("delivered", 1)
    assert (not_sent.status, not_sent.detail) == ("dropped", "custom-email-provider: no consent")
    (said,) = records_of(site.ground, TOPICS.effects("log"), "default/new-ada", 1)
    assert decode(Effect, said.value).payload == {"message": "Welcome, new-ada for new-ada"}
    assert [mail for mail in site.smtp.mails if mail["To"].startswith("new-")] == []


def verify_link(site: Site, user: str, email: str) -> str:
    """The link of a mail that verifies this address."""
    settings = LinkSettings.model_validate({"url": site.ground.url, "key": LINK_KEY})
    address = VerifiedAddress("default", user, email)
    return link(address, settings, issued_at=time.time_ns() // 1_000_000)


def test_an_address_is_verified_by_the_button_behind_its_link(site: Site) -> None:
    """Opening it changes nothing; the button writes one patch, the same when pressed again."""
    url = verify_link(site, "reader", "<ada>@example.com")
    page = httpx.get(url)
    assert (page.status_code, page.headers["referrer-policy"]) == (200, "no-referrer")
    assert "<button" in page.text
    assert "&lt;ada&gt;@example.com" in page.text
    assert [httpx.post(url).status_code for _ in range(2)] == [200, 200]
    records = records_of(site.ground, TOPICS.user_metadata, "default/reader", 2)
    first, again = (decode(MetadataPatch, record.value) for record in records)
    assert (first.subject, first.app_metadata) == (
        "reader",
        {"verified_email": "<ada>@example.com"},
    )
    assert first.id == again.id == h.text(records[0].headers, h.CE_ID)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_link_that_is_not_ours_verifies_nothing(site: Site, method: str) -> None:
    """Changed by one character, or none at all."""
    url = verify_link(site, "nobody", "ada@example.com")
    for wrong in (f"{url}x", f"{site.ground.url}/verify"):
        answer = httpx.request(method, wrong)
        assert (answer.status_code, "cannot be used" in answer.text) == (400, True)
