"""Signing in and out: a token of the admin API becomes a session."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from importlib.resources import files
from urllib.parse import parse_qs, urlencode

import httpx
from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from authstream.console.admin_api import AdminApi, AdminApiError
from authstream.console.guard import COOKIE, SIGN_IN
from authstream.console.sessions import Session, Sessions

#: A token is far shorter.
_FORM_BYTES = 16 * 1024
_PAGE = files("authstream.console").joinpath("sign_in.html").read_text(encoding="utf-8")


def sign_in_routes(
    sessions: Sessions, client: httpx.AsyncClient, form: SignInForm, *, secure: bool
) -> APIRouter:
    """The routes; `secure`: the cookie goes over HTTPS only."""
    router = APIRouter(include_in_schema=False)

    @router.get(SIGN_IN)
    async def shown(next: str = "/") -> Response:  # noqa: A002 - the query's name
        return form(next)

    @router.post(SIGN_IN)
    async def sign_in(request: Request) -> Response:
        said = await _said(request)
        target, token = local(said.get("next", "/")), said.get("token", "").strip()
        try:
            who = await AdminApi(client, token).me()
        except AdminApiError as error:
            if error.signed_out:
                return form(target, "This token is not valid. It may have been revoked.", 401)
            return form(target, str(error), 503)
        session = sessions.open(token, name=who["name"], role=who["role"])
        return session_cookie(RedirectResponse(target, 303), session, secure=secure)

    @router.post("/sign-out")
    async def sign_out(request: Request) -> Response:
        session: Session | None = request.state.session
        if session is not None:
            sessions.close(session.id)
        answer = RedirectResponse(SIGN_IN, 303)
        answer.delete_cookie(COOKIE)
        return answer

    return router


def session_cookie(answer: Response, session: Session, *, secure: bool) -> Response:
    """The answer, with the cookie of a session, which scripts cannot read."""
    answer.set_cookie(COOKIE, session.id, httponly=True, samesite="lax", secure=secure)
    return answer


@dataclass(frozen=True, slots=True)
class SignInForm:
    """The page with the form; `elsewhere` is where people sign in at their provider, if they do."""

    elsewhere: str = ""

    def __call__(self, target: str, problem: str = "", status: int = 200) -> HTMLResponse:
        """The page, with what went wrong before; `target` is where to go then."""
        shown = f'<p class="problem" role="alert">{escape(problem)}</p>' if problem else ""
        way = f"{self.elsewhere}?{urlencode({'next': local(target)})}"
        link = f'<a class="elsewhere" href="{escape(way)}">Sign in with your account</a>'
        page = (
            _PAGE.replace("{{problem}}", shown)
            .replace("{{elsewhere}}", link if self.elsewhere else "")
            .replace("{{next}}", escape(local(target)))
        )
        return HTMLResponse(page, status)


def local(target: str) -> str:
    """A path of ours, whatever was asked for: no open redirect."""
    return target if target.startswith("/") and target[1:2] not in ("/", "\\") else "/"


async def _said(request: Request) -> dict[str, str]:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _FORM_BYTES:
            return {}
    return {name: values[-1] for name, values in parse_qs(body.decode(errors="replace")).items()}
