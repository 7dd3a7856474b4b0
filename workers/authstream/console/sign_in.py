"""Signing in and out: a token of the admin API becomes a session."""

from __future__ import annotations

from html import escape
from importlib.resources import files
from urllib.parse import parse_qs

import httpx
from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from authstream.console.admin_api import AdminApi, AdminApiError
from authstream.console.guard import COOKIE, SIGN_IN
from authstream.console.sessions import Session, Sessions

#: A token is far shorter.
_FORM_BYTES = 16 * 1024
_PAGE = files("authstream.console").joinpath("sign_in.html").read_text(encoding="utf-8")


def sign_in_routes(sessions: Sessions, client: httpx.AsyncClient, *, secure: bool) -> APIRouter:
    """The routes; `secure`: the cookie goes over HTTPS only."""
    router = APIRouter(include_in_schema=False)

    @router.get(SIGN_IN)
    async def form(next: str = "/") -> Response:  # noqa: A002 - the query's name
        return _form(next)

    @router.post(SIGN_IN)
    async def sign_in(request: Request) -> Response:
        said = await _said(request)
        target, token = _local(said.get("next", "/")), said.get("token", "").strip()
        try:
            who = await AdminApi(client, token).me()
        except AdminApiError as error:
            if error.signed_out:
                return _form(target, "This token is not valid. It may have been revoked.", 401)
            return _form(target, str(error), 503)
        session = sessions.open(token, name=who["name"], role=who["role"])
        answer = RedirectResponse(target, 303)
        answer.set_cookie(COOKIE, session.id, httponly=True, samesite="lax", secure=secure)
        return answer

    @router.post("/sign-out")
    async def sign_out(request: Request) -> Response:
        session: Session | None = request.state.session
        if session is not None:
            sessions.close(session.id)
        answer = RedirectResponse(SIGN_IN, 303)
        answer.delete_cookie(COOKIE)
        return answer

    return router


def _form(target: str, problem: str = "", status: int = 200) -> HTMLResponse:
    shown = f'<p class="problem" role="alert">{escape(problem)}</p>' if problem else ""
    page = _PAGE.replace("{{problem}}", shown).replace("{{next}}", escape(_local(target)))
    return HTMLResponse(page, status)


def _local(target: str) -> str:
    """A path of ours, whatever was asked for: no open redirect."""
    return target if target.startswith("/") and target[1:2] not in ("/", "\\") else "/"


async def _said(request: Request) -> dict[str, str]:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _FORM_BYTES:
            return {}
    return {name: values[-1] for name, values in parse_qs(body.decode(errors="replace")).items()}
