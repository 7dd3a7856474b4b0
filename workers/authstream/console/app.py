"""The console as an ASGI application: pages behind the guard."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from importlib.resources import files
from urllib.parse import urlsplit

import httpx
import nicegui
from fastapi import FastAPI
from nicegui import ui
from starlette.responses import PlainTextResponse, Response

from authstream.console import pages
from authstream.console.admin_api import SLOW_SECONDS
from authstream.console.guard import Guard
from authstream.console.oidc import START, OidcClient, oidc_routes
from authstream.console.parts import Parts
from authstream.console.sessions import Session, Sessions
from authstream.console.sign_in import SignInForm, sign_in_routes
from authstream.errors import ConfigurationError
from authstream.settings import ConsoleSettings

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_THEME = files("authstream.console").joinpath("theme.css").read_text(encoding="utf-8")
#: A browser that lost its connection for no longer goes on where it was.
_RECONNECT_SECONDS = 10.0
_PROVIDER_SECONDS = 10.0


def console_app(settings: ConsoleSettings) -> FastAPI:
    """The application. Raises ConfigurationError."""
    _check(settings)
    client = httpx.AsyncClient(base_url=settings.admin_url, timeout=SLOW_SECONDS)
    #: For a provider: what is sent there must never have the admin API's address or headers.
    outside = httpx.AsyncClient(timeout=_PROVIDER_SECONDS)
    sessions = Sessions(timedelta(minutes=settings.session_minutes))
    secure = settings.url.startswith("https://")

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncGenerator[None]:
        yield
        await client.aclose()
        await outside.aclose()

    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    form = SignInForm(START if settings.oidc_issuer else "")
    app.include_router(sign_in_routes(sessions, client, form, secure=secure))
    if settings.oidc_issuer:
        oidc = OidcClient(settings, outside)
        app.include_router(oidc_routes(oidc, sessions, admin=client, form=form, secure=secure))
    app.get("/healthz")(_healthy)
    app.get("/theme.css")(_theme)
    for module in pkgutil.iter_modules(pages.__path__):
        importlib.import_module(f"{pages.__name__}.{module.name}")
    nicegui.app.state.parts = Parts(client, sessions, settings)
    ui.run_with(
        app,
        title="Authstream",
        dark=None,
        tailwind=False,
        reconnect_timeout=_RECONNECT_SECONDS,
        show_welcome_message=False,
    )
    everybody = None
    if settings.token is not None:
        everybody = Session("", settings.token.get_secret_value(), "this machine", "operator")
    app.add_middleware(Guard, sessions=sessions, hosts=_hosts(settings), everybody=everybody)
    return app


async def _healthy() -> Response:
    return PlainTextResponse("ok")


async def _theme() -> Response:
    return Response(_THEME, media_type="text/css")


def _hosts(settings: ConsoleSettings) -> frozenset[str]:
    """The names that it is reached under: those of loopback unless it is reached from outside."""
    named = {urlsplit(settings.url).hostname or ""} if settings.url else set[str]()
    return frozenset(named) | LOOPBACK


def _check(settings: ConsoleSettings) -> None:
    if settings.token is not None and (settings.host not in LOOPBACK or settings.url):
        raise ConfigurationError(
            "AUTHSTREAM_CONSOLE__TOKEN lets in whoever comes, so it is for loopback only:"
            " leave it out, and people sign in with tokens of their own"
        )
    if settings.oidc_issuer and not (settings.oidc_client_id and settings.url):
        raise ConfigurationError(
            "AUTHSTREAM_CONSOLE__OIDC_ISSUER needs __OIDC_CLIENT_ID, and __URL for the way back"
        )
    if settings.host not in LOOPBACK and not settings.url:
        raise ConfigurationError(
            f"the console listens at {settings.host}: say in AUTHSTREAM_CONSOLE__URL where"
            " browsers reach it, so that no other name is taken for it"
        )
