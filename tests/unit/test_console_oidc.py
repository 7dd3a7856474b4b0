"""Signing in to the console at an OpenID provider, which is played here."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from authstream.console.guard import Guard
from authstream.console.oidc import OidcClient, oidc_routes
from authstream.console.sessions import Sessions
from authstream.console.sign_in import SignInForm
from authstream.settings import ConsoleSettings

ISSUER = "https://id.test"
SAID = ConsoleSettings(
    url="http://here:1",
    oidc_issuer=ISSUER,
    oidc_client_id="console",
    oidc_client_secret=SecretStr("of-the-client"),
)


class Provider:
    """Gives one token for the code that it gave out, if the verifier is the right one."""

    issuer = ISSUER
    challenge = ""

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """What it answers."""
        if request.url.path.endswith("openid-configuration"):
            places = {name: f"{ISSUER}/{name}" for name in _ENDPOINTS}
            return httpx.Response(200, json={"issuer": self.issuer, **places})
        said = {name: values[0] for name, values in parse_qs(request.content.decode()).items()}
        digest = hashlib.sha256(said["code_verifier"].encode()).digest()
        right = base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == self.challenge
        if said["code"] != "good" or not right or said["client_secret"] != "of-the-client":
            return httpx.Response(400, json={"error": "invalid_grant"})
        return httpx.Response(200, json={"access_token": "at", "expires_in": 60})


_ENDPOINTS = ("authorization_endpoint", "token_endpoint")


def _admin(request: httpx.Request) -> httpx.Response:
    known = request.headers["authorization"] == "Bearer at"
    who = {"name": "grace (id)", "role": "author"}
    return httpx.Response(200, json=who) if known else httpx.Response(401, json={"detail": "no"})


class Site:
    """A browser before the console."""

    def __init__(self) -> None:
        self.provider = Provider()
        self.now = 0.0
        self.sessions = Sessions(timedelta(hours=8), lambda: self.now)
        outside = httpx.AsyncClient(transport=httpx.MockTransport(self.provider))
        admin = httpx.AsyncClient(transport=httpx.MockTransport(_admin), base_url="http://admin")
        client = OidcClient(SAID, outside, lambda: self.now)
        app = FastAPI()
        app.include_router(
            oidc_routes(client, self.sessions, admin=admin, form=SignInForm(), secure=False)
        )
        self.app = Guard(app, sessions=self.sessions, hosts={"here"})
        self.cookies = httpx.Cookies()

    def get(self, path: str, **params: Any) -> httpx.Response:
        """One request with the browser's cookies."""
        return asyncio.run(self._get(path, params))

    async def _get(self, path: str, params: dict[str, Any]) -> httpx.Response:
        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://here:1", cookies=self.cookies
        ) as client:
            answer = await client.get(path, params=params)
            self.cookies = client.cookies
            return answer

    def left(self, target: str = "/flows") -> str:
        """The state that the browser took along to the provider."""
        sent = self.get("/sign-in/oidc", next=target).headers["location"]
        assert sent.startswith(f"{ISSUER}/authorization_endpoint?")
        query = {name: values[0] for name, values in parse_qs(urlsplit(sent).query).items()}
        assert query["redirect_uri"] == "http://here:1/sign-in/callback"
        self.provider.challenge = query["code_challenge"]
        return query["state"]


@pytest.fixture
def site() -> Site:
    """A console and a provider."""
    return Site()


def test_the_way_there_and_back(site: Site) -> None:
    """The session is of whom the admin API knows by the token, and ends with it."""
    back = site.get("/sign-in/callback", code="good", state=site.left())
    assert (back.status_code, back.headers["location"]) == (303, "/flows")
    session = site.sessions.find(site.cookies["authstream_console"])
    assert session is not None
    assert (session.name, session.role, session.ends_at) == ("grace (id)", "author", 60.0)


def test_another_browser_does_not_come_in(site: Site) -> None:
    """An answer of the provider that somebody was sent by somebody else is not taken."""
    state = site.left()
    site.cookies = httpx.Cookies()
    assert site.get("/sign-in/callback", code="good", state=state).status_code == 401
    assert site.get("/sign-in/callback").status_code == 401


@pytest.mark.parametrize(("code", "later"), [("bad", 0.0), ("good", 601.0)])
def test_a_wrong_code_or_a_late_one(site: Site, code: str, later: float) -> None:
    """No session comes of it."""
    state = site.left()
    site.now += later
    assert site.get("/sign-in/callback", code=code, state=state).status_code == 401
    assert "authstream_console" not in site.cookies


def test_a_state_is_good_once(site: Site) -> None:
    """The second use is refused."""
    state = site.left()
    cookies = httpx.Cookies(site.cookies)
    site.get("/sign-in/callback", code="good", state=state)
    site.cookies = cookies
    assert site.get("/sign-in/callback", code="good", state=state).status_code == 401


def test_a_provider_under_another_name_is_not_the_one(site: Site) -> None:
    """What it says of its endpoints is not believed then."""
    site.provider.issuer = "https://evil.test"
    assert site.get("/sign-in/oidc").status_code == 503
