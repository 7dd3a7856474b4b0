"""Identity providers, and what to paste into the configuration of each."""

from __future__ import annotations

from typing import Any

from nicegui import ui
from nicegui.events import ValueChangeEventArguments
from starlette.requests import Request

from authstream.console.admin_api import AdminApiError
from authstream.console.frame import empty, failed, frame, heading
from authstream.console.visit import Visit

_GATEWAY = "http://127.0.0.1:8300"


@ui.page("/connections")
async def connections(request: Request) -> None:
    """One entry for each provider."""
    visit = Visit.of(request)
    with frame(visit, "Connections", here="/connections"):
        heading(
            "Connections",
            "Paste these lines at your provider; its connection is a file in connections/.",
        )
        page = Providers(visit)
        try:
            await page.read()
        except AdminApiError as error:
            failed(error)
            return
        page.draw()


class Providers:
    """The list, for the gateway's address that is typed."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._gateway = _GATEWAY
        self._sought = ""
        self._found: list[dict[str, Any]] = []

    async def read(self) -> None:
        """Raises AdminApiError."""
        self._found = await self._visit.api.providers(self._gateway)

    def draw(self) -> None:
        """All of it."""
        with ui.element("div").classes("row"):
            search = ui.input("Search", on_change=self._seek).props("outlined dense clearable")
            search.style("min-width:14rem")
            address = ui.input("The gateway's address, as the provider sees it")
            address.set_value(self._gateway)
            address.props("outlined dense").classes("mono grow")
            address.on("blur", lambda: self._move(address.value or ""))
        self._list()

    def _seek(self, event: ValueChangeEventArguments[str | None]) -> None:
        self._sought = (event.value or "").strip().lower()
        self._list.refresh()

    async def _move(self, address: str) -> None:
        if address.strip() == self._gateway:
            return
        self._gateway = address.strip()
        with self._visit.told():
            await self.read()
            self._list.refresh()

    @ui.refreshable_method
    def _list(self) -> None:
        shown = [one for one in self._found if self._sought in one["name"]]
        if not shown:
            empty("hub", "No provider of that name", "Anything that sends JSON: generic.")
        for one in shown:
            with ui.expansion(one["name"], icon="hub").classes("card"):
                for option, meaning in one["options"].items():
                    ui.label(f"{option}: {meaning}").classes("hint")
                ui.label(one["setup"]).classes("pre")
                if one["shared_secret"]:
                    where = f"connections/{one['name']} in .secrets.yaml"
                    ui.label(f"SECRET is the one under {where}.").classes("hint")
