"""Signing in at an OpenID provider: the code flow with PKCE gets a token for the admin API."""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlencode

import httpx
from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from authstream.console.admin_api import AdminApi, AdminApiError
from authstream.console.sessions import Sessions
from authstream.console.sign_in import SignInForm, local, session_cookie
from authstream.settings import ConsoleSettings

START: Final = "/sign-in/oidc"
CALLBACK: Final = "/sign-in/callback"
#: Binds an answer of the provider to the browser that asked.
_COOKIE: Final = "authstream_sign_in"
#: Somebody who takes longer begins anew.
_PENDING = timedelta(minutes=10)
#: People who are at the provider at a time; over it, the one who left first begins anew.
_MOST_PENDING = 1000


class OidcError(Exception):
    """The provider did not do as it should."""


@dataclass(frozen=True, slots=True)
class _Pending:
    """A browser that is at the provider."""

    verifier: str
    target: str
    until: float


class OidcClient:
    """The console as a client of the provider."""

    def __init__(
        self,
        said: ConsoleSettings,
        http: httpx.AsyncClient,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._said = said
        self._http = http
        self._clock = clock
        self._pending: dict[str, _Pending] = {}
        self._known: dict[str, Any] | None = None
        self._redirect = f"{said.url.rstrip('/')}{CALLBACK}"

    async def begin(self, target: str) -> tuple[str, str]:
        """Where to send the browser, and the state that it must bring back. Raises OidcError."""
        endpoint = (await self._discovered())["authorization_endpoint"]
        state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(48)
        while len(self._pending) >= _MOST_PENDING:
            del self._pending[next(iter(self._pending))]
        self._pending[state] = _Pending(verifier, target, self._clock() + _PENDING.total_seconds())
        digest = hashlib.sha256(verifier.encode()).digest()
        query = {
            "response_type": "code",
            "client_id": self._said.oidc_client_id,
            "redirect_uri": self._redirect,
            "scope": self._said.oidc_scope,
            "state": state,
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        return f"{endpoint}?{urlencode(query)}", state

    async def finish(self, code: str, state: str) -> tuple[str, float | None, str]:
        """Access token, its seconds, and where the browser wanted to go. Raises OidcError."""
        pending = self._pending.pop(state, None)
        if pending is None or self._clock() > pending.until:
            raise OidcError("this sign-in took too long, or was used before: begin again")
        secret = self._said.oidc_client_secret
        body = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._redirect,
            "client_id": self._said.oidc_client_id,
            "code_verifier": pending.verifier,
            **({"client_secret": secret.get_secret_value()} if secret else {}),
        }
        said = await self._ask("POST", (await self._discovered())["token_endpoint"], data=body)
        if not isinstance(said.get("access_token"), str):
            raise OidcError("the provider gave no access token")
        return said["access_token"], said.get("expires_in"), pending.target

    async def _discovered(self) -> dict[str, Any]:
        if self._known is None:
            issuer = self._said.oidc_issuer.rstrip("/")
            found = await self._ask("GET", f"{issuer}/.well-known/openid-configuration")
            if found.get("issuer", "").rstrip("/") != issuer:
                raise OidcError("the provider calls itself by another name than the settings do")
            self._known = found
        return self._known

    async def _ask(self, method: str, url: str, **options: Any) -> dict[str, Any]:  # noqa: ANN401 - those of httpx
        try:
            answer = await self._http.request(method, url, **options)
            answer.raise_for_status()
            found: dict[str, Any] = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise OidcError(f"the provider did not answer ({type(error).__name__})") from None
        return found


def oidc_routes(
    client: OidcClient,
    sessions: Sessions,
    *,
    admin: httpx.AsyncClient,
    form: SignInForm,
    secure: bool,
) -> APIRouter:
    """The way to the provider and back."""
    router = APIRouter(include_in_schema=False)

    @router.get(START)
    async def begin(next: str = "/") -> Response:  # noqa: A002 - the query's name
        try:
            where, state = await client.begin(local(next))
        except OidcError as error:
            return form(next, str(error), 503)
        answer = RedirectResponse(where, 303)
        answer.set_cookie(
            _COOKIE, state, httponly=True, samesite="lax", secure=secure, path="/sign-in"
        )
        return answer

    @router.get(CALLBACK)
    async def back(request: Request, code: str = "", state: str = "") -> Response:
        offered = request.cookies.get(_COOKIE, "")
        if not code or not secrets.compare_digest(offered.encode(), state.encode()):
            return form("/", "The provider did not let you in, or this was another browser.", 401)
        try:
            token, seconds, target = await client.finish(code, state)
            who = await AdminApi(admin, token).me()
        except OidcError as error:
            return form("/", str(error), 401)
        except AdminApiError as error:
            reason = "You have no role here: ask an operator." if error.signed_out else str(error)
            return form("/", reason, 403)
        lasting = None if seconds is None else timedelta(seconds=float(seconds))
        session = sessions.open(token, name=who["name"], role=who["role"], lasting=lasting)
        answer = session_cookie(RedirectResponse(target, 303), session, secure=secure)
        answer.delete_cookie(_COOKIE, path="/sign-in")
        return answer

    return router
