"""webhook: what the receiver gets, whom we do not post to, and what answers mean."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from authstream.effects.webhook import WebhookDelivery
from authstream.errors import DeliveryError
from tests.contract.test_effect_kinds import effect
from tests.http_server import Answer, HttpServer

SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
Started = tuple[WebhookDelivery, HttpServer]


@pytest.fixture
async def started(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Started]:
    """The kind and a receiver that it may post to."""
    with HttpServer() as server:
        monkeypatch.setenv("AUTHSTREAM_WEBHOOK__PRIVATE", f'["127.0.0.0/8:{server.port}"]')
        monkeypatch.setenv("AUTHSTREAM_WEBHOOK__SECRETS", f'{{"127.0.0.1": "{SECRET}"}}')
        kind = WebhookDelivery()
        await kind.start()
        yield kind, server
        await kind.stop()


async def post(started: Started, **more: object) -> None:
    """One delivery."""
    kind, server = started
    payload = {"url": f"{server.url}/hook?a=1", "body": {"user": "ada"}, **more}
    await kind.deliver(effect("webhook", payload))


async def test_a_webhook_is_signed_and_has_the_effects_id(started: Started) -> None:
    """The receiver verifies it with the library of the standard."""
    await post(started, headers={"X-Tenant": "acme", "Webhook-Id": "forged", "Host": "evil"})
    (asked,) = started[1].asked
    assert Webhook(SECRET).verify(asked.body, asked.headers) == {"user": "ada"}
    assert (asked.path, asked.headers["x-tenant"]) == ("/hook?a=1", "acme")
    assert asked.headers["webhook-id"] == effect("webhook", {}).id
    assert asked.headers["host"] == f"127.0.0.1:{started[1].port}"
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(b'{"user":"eve"}', asked.headers)


TEMPORARY = (408, 409, 425, 429, 500, 503)
FINAL = (400, 401, 404, 410, 302)


@pytest.mark.parametrize("status", [*TEMPORARY, *FINAL])
async def test_answers_say_whether_another_try_can_help(started: Started, status: int) -> None:
    """A redirect is not followed: it could lead anywhere."""
    started[1].always(Answer(status, headers={"Location": "/elsewhere"}))
    with pytest.raises(DeliveryError, match=f"{status}") as failed:
        await post(started)
    assert failed.value.permanent is (status in FINAL)
    assert len(started[1].asked) == 1


async def test_a_receiver_says_when_to_come_back(started: Started) -> None:
    """In seconds or as a date, an hour at most; what is neither says nothing."""
    waits: list[timedelta | None] = []
    for said in ("7", "99999", "soon", "Mon, 01 Jan 2001 00:00:00 GMT"):
        started[1].always(Answer(503, headers={"Retry-After": said}))
        with pytest.raises(DeliveryError) as failed:
            await post(started)
        waits.append(failed.value.retry_after)
    assert waits == [timedelta(seconds=7), timedelta(hours=1), None, timedelta(0)]


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/",
        "http://localhost:1/",
        "http://169.254.169.254/latest/meta-data",
        "http://[::1]:1/",
        "http://[::ffff:127.0.0.1]:1/",
        "http://10.0.0.1/",
    ],
)
async def test_nothing_is_posted_to_our_own_networks(started: Started, url: str) -> None:
    """An action names the URL; it must not reach what only we can reach."""
    with pytest.raises(DeliveryError, match="not public") as refused:
        await started[0].deliver(effect("webhook", {"url": url, "body": {}}))
    assert refused.value.permanent


async def test_a_receiver_that_is_away_is_tried_again(started: Started) -> None:
    """The error names host and kind of failure, not the path, which may hold a secret."""
    kind, server = started
    server.__exit__(None, None, None)
    with pytest.raises(DeliveryError) as failed:
        await kind.deliver(effect("webhook", {"url": f"{server.url}/secret", "body": {}}))
    assert not failed.value.permanent
    assert "secret" not in f"{failed.value}"


def test_hosts_are_destinations_of_their_own(started: Started) -> None:
    """One that is slow does not slow the others down."""
    kind = started[0]
    names = {
        kind.destination(effect("webhook", {"url": url, "body": {}}))
        for url in ("https://a.example/1", "https://a.example/2", "https://b.example/1")
    }
    assert names == {"a.example:https", "b.example:https"}
