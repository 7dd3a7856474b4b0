"""Who changed what: the audit trail, newest first."""

from __future__ import annotations

from typing import Any

from nicegui import ui
from starlette.requests import Request

from authstream.console.frame import empty, show
from authstream.console.local_time import local_time
from authstream.console.visit import Visit

_PAGE = 50


@ui.page("/audit")
async def audit(request: Request) -> None:
    """The trail."""
    visit = Visit.of(request)
    hint = "Every change, also those that came too late to take effect."
    await show(visit, Trail(visit), title="Audit", hint=hint, here="/audit")


class Trail:
    """What is read of it so far."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._found: list[dict[str, Any]] = []
        self._next: str | None = ""

    async def read(self) -> None:
        """The next page. Raises AdminApiError."""
        page = await self._visit.api.audit(limit=_PAGE, cursor=self._next or "")
        self._found += page["items"]
        self._next = page["next"]

    @ui.refreshable_method
    def draw(self) -> None:
        """What there is, and a way to more."""
        if not self._found:
            empty("history", "Nothing was changed yet")
            return
        with ui.element("div").classes("card scroll"), ui.element("table").classes("table"):
            with ui.element("thead"), ui.element("tr"):
                for title in ("When", "Who", "Did what", "To what"):
                    with ui.element("th").props("scope=col"):
                        ui.label(title)
            with ui.element("tbody"):
                for one in self._found:
                    _row(one)
        if self._next is not None:
            ui.button("Older changes", on_click=self._older, color=None).classes("plain")

    async def _older(self) -> None:
        with self._visit.told():
            await self.read()
            self.draw.refresh()


def _row(one: dict[str, Any]) -> None:
    with ui.element("tr"):
        with ui.element("td"):
            local_time(one["at"])
        with ui.element("td"):
            ui.label(one["actor"])
        with ui.element("td"):
            ui.label(one["operation"])
            if not one["took_effect"]:
                ui.label("came too late").classes("chip warn")
        with ui.element("td"):
            ui.label(f"{one['kind']} {one['name']}")
            ui.label(f"revision {one['revision']}").classes("hint")
