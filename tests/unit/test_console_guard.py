"""What gets past the console's guard, and how long a session lasts."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request
from starlette.websockets import WebSocket

from authstream.console.guard import COOKIE, Guard
from authstream.console.sessions import Session, Sessions
from authstream.console.sign_in import SignInForm, sign_in_routes

HTML = {"accept": "text/html"}


class Clock:
    """Seconds, set by hand."""

    now = 0.0

    def __call__(self) -> float:
        """The time."""
        return self.now


class Site:
    """A guarded application, and its sessions."""

    def __init__(self, everybody: Session | None = None) -> None:
        self.clock = Clock()
        self.sessions = Sessions(timedelta(minutes=10), self.clock)
        admin = httpx.AsyncClient(
            transport=httpx.MockTransport(_admin), base_url="http://admin.test"
        )
        app = FastAPI()
        app.include_router(sign_in_routes(self.sessions, admin, SignInForm(), secure=False))
        app.get("/page")(_who)
        app.post("/page")(_who)
        app.websocket("/live")(_live)
        self.app = Guard(app, sessions=self.sessions, hosts={"here"}, everybody=everybody)

    def call(self, method: str, path: str, **options: Any) -> httpx.Response:
        """One request, by itself."""
        return asyncio.run(self._call(method, path, options))

    async def _call(self, method: str, path: str, options: dict[str, Any]) -> httpx.Response:
        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://here:1") as client:
            return await client.request(method, path, **options)

    def cookie(self) -> dict[str, str]:
        """The header of somebody who is signed in."""
        session = self.sessions.open("ast_x", name="ci", role="viewer")
        return {"cookie": f"{COOKIE}={session.id}"}


def _admin(request: httpx.Request) -> httpx.Response:
    if request.headers["authorization"] == "Bearer ast_good":
        return httpx.Response(200, json={"name": "token ci", "role": "author"})
    return httpx.Response(401, json={"detail": "no valid token"})


async def _who(request: Request) -> str:
    session: Session = request.state.session
    return session.name


async def _live(socket: WebSocket) -> None:
    await socket.accept()


@pytest.fixture
def site() -> Site:
    """Where people sign in."""
    return Site()


def test_without_a_session_there_is_only_the_form(site: Site) -> None:
    """A browser is sent there and comes back to where it wanted; a program is told."""
    sent = site.call("GET", "/page", headers=HTML)
    assert (sent.status_code, sent.headers["location"]) == (303, "/sign-in?next=/page")
    assert site.call("GET", "/page").status_code == 401


def test_a_token_becomes_a_session(site: Site) -> None:
    """Its cookie is out of reach of scripts, and is not the token."""
    form = {"token": "ast_good", "next": "/page"}
    origin = {"origin": "http://here:1"}
    answer = site.call("POST", "/sign-in", data=form, headers=origin)
    cookie = answer.headers["set-cookie"]
    assert (answer.status_code, answer.headers["location"]) == (303, "/page")
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "ast_good" not in cookie
    assert site.call("GET", "/page", headers={"cookie": cookie.split(";")[0]}).json() == "token ci"


def test_a_wrong_token_is_refused(site: Site) -> None:
    """The form says so, and does not repeat it."""
    origin = {"origin": "http://here:1"}
    answer = site.call("POST", "/sign-in", data={"token": "ast_bad"}, headers=origin)
    assert answer.status_code == 401
    assert "not valid" in answer.text
    assert "ast_bad" not in answer.text


@pytest.mark.parametrize("target", ["//evil.test/", "https://evil.test/", "/\\evil.test", ""])
def test_the_way_back_stays_here(site: Site, target: str) -> None:
    """Nobody is sent to another site by signing in."""
    form, origin = {"token": "ast_good", "next": target}, {"origin": "http://here:1"}
    assert site.call("POST", "/sign-in", data=form, headers=origin).headers["location"] == "/"


def test_a_session_ends(site: Site) -> None:
    """After its time, or when somebody signs out: also on pages that are open."""
    cookie = site.cookie()
    site.clock.now = 601
    assert site.call("GET", "/page", headers=cookie).status_code == 401
    cookie = site.cookie()
    out = {**cookie, "origin": "http://here:1"}
    assert site.call("POST", "/sign-out", headers=out).status_code == 303
    assert site.call("GET", "/page", headers=cookie).status_code == 401


@pytest.mark.parametrize("origin", [{}, {"origin": "http://evil.test"}, {"origin": "null"}])
def test_another_site_writes_nothing(site: Site, origin: dict[str, str]) -> None:
    """A request that changes something says that it comes from our own page."""
    headers = {**site.cookie(), **origin}
    assert site.call("POST", "/page", headers=headers).status_code == 403


def test_another_name_leads_nowhere() -> None:
    """A name of somebody else's that resolves to loopback gets no page, though nobody signs in."""
    site = Site(everybody=Session("", "ast_x", "this machine", "operator"))
    assert site.call("GET", "/page").json() == "this machine"
    assert site.call("GET", "/page", headers={"host": "evil.test:1"}).status_code == 421


@pytest.mark.parametrize(
    ("origin", "opened"), [(b"http://here:1", True), (b"http://evil.test", False), (None, False)]
)
def test_another_site_opens_no_socket(origin: bytes | None, *, opened: bool) -> None:
    """The socket that carries every click is open to our own pages only."""
    site = Site(everybody=Session("", "ast_x", "this machine", "operator"))
    headers = [(b"host", b"here:1"), *([(b"origin", origin)] if origin else [])]
    scope = {"type": "websocket", "path": "/live", "headers": headers, "query_string": b""}
    told: list[str] = []

    async def receive() -> dict[str, str]:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        told.append(message["type"])

    asyncio.run(site.app(scope, receive, send))
    assert ("websocket.accept" in told) is opened


def test_every_answer_is_strict(site: Site) -> None:
    """No frame, no foreign script, nothing kept by caches."""
    headers = site.call("GET", "/sign-in").headers
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "default-src 'self'" in headers["content-security-policy"]
    assert headers["x-frame-options"] == "DENY"
    assert headers["cache-control"] == "no-store"
