"""One page as one person has it open: their session, their tenant, and what went wrong."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlencode

from nicegui import ui
from starlette.requests import Request

from authstream.console.admin_api import AdminApi, AdminApiError
from authstream.console.guard import SIGN_IN
from authstream.console.parts import Parts
from authstream.console.sessions import Session
from authstream.contracts.slug import DEFAULT_TENANT

#: How long a problem stays on the screen: long enough to read it.
_PROBLEM_MS = 8000


@dataclass(frozen=True, slots=True)
class Visit:
    """Who looks, at which tenant."""

    session: Session
    api: AdminApi
    parts: Parts

    @classmethod
    def of(cls, request: Request) -> Visit:
        """From a page's request, which the guard has let through."""
        parts: Parts = request.app.state.parts
        session: Session = request.state.session
        tenant = request.query_params.get("tenant") or DEFAULT_TENANT
        return cls(session, AdminApi(parts.client, session.token, tenant), parts)

    @property
    def tenant(self) -> str:
        """Whose flows and actions are shown."""
        return self.api.tenant

    @property
    def may_edit(self) -> bool:
        """Whether to offer changes."""
        return self.session.may_edit

    @property
    def may_operate(self) -> bool:
        """Whether to offer what is for operators."""
        return self.session.role == "operator"

    def link(self, path: str, **query: str) -> str:
        """An address of the console that stays with the tenant."""
        if self.tenant != DEFAULT_TENANT:
            query["tenant"] = self.tenant
        return f"{path}?{urlencode(query)}" if query else path

    def _check(self) -> None:
        if self.parts.sessions.is_over(self.session):
            raise AdminApiError("the session is over: sign in again", status=401)

    @contextmanager
    def told(self) -> Generator[None]:
        """Tell the person what the API refuses, in place of an error nobody sees."""
        try:
            self._check()
            yield
        except AdminApiError as error:
            if error.signed_out:
                self.parts.sessions.close(self.session.id)
                ui.navigate.to(SIGN_IN)
            else:
                problem(str(error))


def problem(text: str) -> None:
    """Something was refused or went wrong, and what to do."""
    ui.notify(text, type="negative", timeout=_PROBLEM_MS, multi_line=True, close_button="Close")


def done(text: str) -> None:
    """Something worked."""
    ui.notify(text, type="positive")
