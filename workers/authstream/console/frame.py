"""The frame of every page: header, navigation, the emergency banner, light and dark."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

from nicegui import ElementFilter, ui

from authstream.console.admin_api import AdminApiError
from authstream.console.code_editor import SCRIPT as NAMES_OF_EDITORS
from authstream.console.code_editor import is_dark, theme
from authstream.console.guard import SIGN_IN
from authstream.console.local_time import SCRIPT as LOCAL_TIMES
from authstream.console.visit import Visit

E = TypeVar("E", bound=ui.element)
_PAGES = (
    ("Flows", "/flows", "account_tree"),
    ("Actions", "/actions", "code"),
    ("Executions", "/executions", "receipt_long"),
    ("Dead letters", "/dead-letters", "move_to_inbox"),
    ("Connections", "/connections", "hub"),
    ("Effects", "/effects", "outbox"),
    ("Audit", "/audit", "history"),
)
#: A page that is left open notices so soon that its session is over.
_SESSION_CHECK_SECONDS = 20.0


@contextmanager
def frame(visit: Visit, title: str, *, here: str) -> Generator[None]:
    """Everything around a page's content; `here` is the entry of the navigation."""
    ui.page_title(f"{title} · Authstream")
    ui.add_head_html('<link rel="stylesheet" href="/theme.css">' + LOCAL_TIMES + NAMES_OF_EDITORS)
    dark = ui.dark_mode(visit.session.dark)
    with ui.element("div").classes("shell"):
        with ui.element("header").classes("top"):
            _top(visit, dark)
        with ui.element("nav").classes("side").props('aria-label="Console"'):
            _navigation(visit, here)
        with ui.element("div").classes("content").props("id=content"):
            yield
    ui.timer(_SESSION_CHECK_SECONDS, lambda: _check(visit))


class Content(Protocol):
    """What a page shows below its title."""

    async def read(self) -> None:
        """Ask the admin API. Raises AdminApiError."""
        ...

    def draw(self) -> None:
        """Show what was read."""
        ...


async def show(visit: Visit, content: Content, *, title: str, hint: str, here: str) -> None:
    """A whole page: its frame, its title, and what it has, or why it cannot be shown."""
    with frame(visit, title, here=here):
        heading(title, hint)
        try:
            await content.read()
        except AdminApiError as error:
            failed(error)
            return
        content.draw()


def heading(text: str, hint: str = "") -> None:
    """The one title of a page."""
    with ui.element("div").classes("heading"):
        with ui.element("h1"):
            ui.label(text)
        if hint:
            ui.label(hint).classes("hint")


def empty(icon: str, text: str, hint: str = "") -> None:
    """Nothing is here yet, and what to do about it."""
    with ui.element("div").classes("empty").props("role=status"):
        ui.icon(icon).classes("empty-icon").props("aria-hidden=true")
        ui.label(text).classes("empty-text")
        if hint:
            ui.label(hint).classes("hint")


def failed(error: AdminApiError) -> None:
    """A page that cannot be shown, and why."""
    if error.signed_out:
        ui.navigate.to(SIGN_IN)
        return
    with ui.element("div").classes("empty problem").props("role=alert"):
        ui.icon("cloud_off").classes("empty-icon").props("aria-hidden=true")
        ui.label("This page cannot be shown").classes("empty-text")
        ui.label(str(error)).classes("hint")
        ui.button("Try again", on_click=ui.navigate.reload, color=None).props("flat no-caps")


def _top(visit: Visit, dark: ui.dark_mode) -> None:
    with ui.link(target=visit.link("/flows")).classes("brand"):
        ui.element("span").classes("mark").props("aria-hidden=true")
        ui.label("Authstream")
    ui.element("div").classes("grow")
    _tenants(visit)
    ui.label(visit.session.role).classes(f"chip role-{visit.session.role}").tooltip(
        f"Signed in as {visit.session.name}"
    )
    icon_button("dark_mode", "Light or dark", lambda: _toggle(visit, dark))
    if visit.session.ends_at is not None:
        with ui.element("form").props('method=post action="/sign-out"'):
            ui.button(icon="logout", color=None).props(
                'flat round dense type=submit aria-label="Sign out"'
            )


def _tenants(visit: Visit) -> None:
    select = ui.select([visit.tenant], value=visit.tenant).props(
        'dense borderless options-dense aria-label="Tenant"'
    )
    select.classes("tenants").set_visibility(False)

    async def fill() -> None:
        with visit.told():
            found = await visit.api.tenants()
            tenants = list(dict.fromkeys([*found, visit.tenant]))
            select.set_options(tenants)
            select.set_visibility(len(tenants) > 1)
            select.on_value_change(lambda e: ui.navigate.to(f"?tenant={e.value}"))

    ui.timer(0, fill, once=True)


def icon_button(icon: str, label: str, on_click: Any, *, more: str = "") -> ui.button:  # noqa: ANN401 - NiceGUI's handler
    """A small button whose meaning is said to screen readers and on hover."""
    button = ui.button(icon=icon, on_click=on_click, color=None).props(f"flat round dense {more}")
    return labelled(button, label).tooltip(label)


def labelled(element: E, label: str) -> E:
    """Say what an element is to a screen reader; a label may have any characters."""
    element.props["aria-label"] = label
    return element


def _navigation(visit: Visit, here: str) -> None:
    for name, path, icon in _PAGES:
        with ui.link(target=visit.link(path)) as link:
            ui.icon(icon).props("aria-hidden=true")
            ui.label(name)
        if path == here:
            link.classes("here").props("aria-current=page")


async def _toggle(visit: Visit, dark: ui.dark_mode) -> None:
    """From what is on the screen to its opposite; code follows."""
    visit.session.dark = not await is_dark()
    dark.set_value(visit.session.dark)
    for editor in ElementFilter(kind=ui.codemirror):
        editor.set_theme(theme(dark=visit.session.dark))


def _check(visit: Visit) -> None:
    if visit.parts.sessions.is_over(visit.session):
        ui.navigate.to(SIGN_IN)
