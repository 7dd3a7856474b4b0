"""What stands before every page: known hosts, own origin, a session, and strict headers."""

from __future__ import annotations

from collections.abc import Collection
from http.cookies import CookieError, SimpleCookie
from typing import Final
from urllib.parse import quote, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from authstream.console.sessions import Session, Sessions

COOKIE: Final = "authstream_console"
SIGN_IN: Final = "/sign-in"
#: Reached without a session.
PUBLIC: Final = frozenset(
    {SIGN_IN, f"{SIGN_IN}/oidc", f"{SIGN_IN}/callback", "/healthz", "/theme.css", "/favicon.ico"}
)
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
#: Vue compiles NiceGUI's templates in the browser, which needs eval, and its page is one inline
#: script; nothing is loaded from, sent to or framed by anybody else.
_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval';"
    " style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:;"
    " object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)
_HEADERS = {
    "content-security-policy": _POLICY,
    "x-frame-options": "DENY",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}
_STATIC = "/_nicegui/"


class Guard:
    """Lets through what comes from our own pages in a session; puts the session into the scope."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        sessions: Sessions,
        hosts: Collection[str],
        everybody: Session | None = None,
    ) -> None:
        """`hosts` are the names that the console is reached under, without port.

        `everybody`: the session of whoever comes, where nobody signs in.
        """
        self._app = app
        self._sessions = sessions
        self._hosts = frozenset(hosts)
        self._everybody = everybody

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, or refuse."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        session = self._everybody or self._sessions.find(_cookie(headers))
        refused = self._refusal(scope, headers, session)
        if refused is None:
            scope.setdefault("state", {})["session"] = session
            await self._app(scope, receive, _with_headers(scope, send))
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            await refused(scope, receive, _with_headers(scope, send))

    def _refusal(
        self, scope: Scope, headers: Headers, session: Session | None
    ) -> PlainTextResponse | RedirectResponse | None:
        """Why a request is not let through.

        A page of another site may point a browser here, under our name (cross-site request) or
        under one of its own that leads here (DNS rebinding).
        """
        host = headers.get("host", "")
        if (urlsplit(f"//{host}").hostname or "") not in self._hosts:
            return PlainTextResponse("unknown host: see AUTHSTREAM_CONSOLE__URL", 421)
        origin = headers.get("origin")
        writes = scope["type"] == "websocket" or scope["method"] not in _SAFE
        if writes and (origin is None or urlsplit(origin).netloc != host):
            return PlainTextResponse("this request does not come from the console", 403)
        if session is not None or scope["path"] in PUBLIC:
            return None
        if (
            scope["type"] == "http"
            and scope["method"] == "GET"
            and "text/html" in headers.get("accept", "")
        ):
            return RedirectResponse(f"{SIGN_IN}?next={quote(scope['path'], safe='/')}", 303)
        return PlainTextResponse("sign in first", 401)


def _with_headers(scope: Scope, send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers.update(_HEADERS)
            if not scope["path"].startswith(_STATIC):
                headers["cache-control"] = "no-store"
        await send(message)

    return sending


def _cookie(headers: Headers) -> str | None:
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return None
    return found.value if found else None
