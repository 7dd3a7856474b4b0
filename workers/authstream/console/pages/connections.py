"""Connections: the last call of each, and what to paste at every kind of provider."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from nicegui import ui
from nicegui.events import ValueChangeEventArguments
from starlette.requests import Request

from authstream.console.frame import empty, show
from authstream.console.local_time import local_time
from authstream.console.visit import Visit
from authstream.console.wording import milliseconds

_GATEWAY = "http://127.0.0.1:8300"


@ui.page("/connections")
async def connections(request: Request) -> None:
    """What was called, then one entry for each provider."""
    visit = Visit.of(request)
    hint = "Paste these lines at your provider; its connection is a file in connections/."
    page = Providers(visit)
    await show(visit, page, title="Connections", hint=hint, here="/connections")


class Providers:
    """The list, for the gateway's address that is typed."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._gateway = _GATEWAY
        self._sought = ""
        self._found: list[dict[str, Any]] = []
        self._called: list[dict[str, Any]] = []

    async def read(self) -> None:
        """Raises AdminApiError."""
        self._called = await self._visit.api.connections()
        await self._read_providers()

    async def _read_providers(self) -> None:
        self._found = await self._visit.api.providers(self._gateway)

    def draw(self) -> None:
        """All of it."""
        _called(self._visit, self._called)
        with ui.element("h2"):
            ui.label("Providers")
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
            await self._read_providers()
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


def _called(visit: Visit, calls: Sequence[Mapping[str, Any]]) -> None:
    """Each connection that was called, and how its last call ended."""
    with ui.element("h2"):
        ui.label("Called")
    if not calls:
        empty("hub", "No connection was called yet", "Set one up below; its first call shows here.")
        return
    with ui.element("div").classes("card scroll"), ui.element("table").classes("table"):
        with ui.element("thead"), ui.element("tr"):
            for name in ("Connection", "Provider", "Last call", "It was told", "Last day"):
                with ui.element("th").props("scope=col"):
                    ui.label(name)
        with ui.element("tbody"):
            for one in calls:
                _call(visit, one)


def _call(visit: Visit, one: Mapping[str, Any]) -> None:
    last = one["last_call"]
    with ui.element("tr"):
        with ui.element("th").props("scope=row"):
            ui.label(one["name"])
        with ui.element("td"):
            ui.label(one["provider"])
        with ui.element("td"), ui.link(target=visit.link(f"/executions/{last['flow_id']}")) as link:
            link.classes("crumb")
            local_time(datetime.fromtimestamp(last["answered_at"] / 1000, UTC).isoformat())
        with ui.element("td"):
            told, code = last["told"].replace("_", " "), last["code"]
            ui.label(told).classes(f"chip {last['told'].partition('_')[0]}")
            why = f"{code}, " if code else ""
            ui.label(f"{why}HTTP {last['status']}, {milliseconds(last['ms'])}").classes("hint")
        with ui.element("td"):
            counts = (
                f"{many} {ended.replace('_', ' ')}" for ended, many in one["last_day"].items()
            )
            ui.label(", ".join(counts) or "none").classes("hint")
