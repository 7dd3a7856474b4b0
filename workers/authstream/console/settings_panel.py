"""An action's settings: packages, hosts that it may call, configuration, limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nicegui import ui

from authstream.console.action_draft import ActionDraft
from authstream.console.visit import Visit

if TYPE_CHECKING:
    from authstream.console.pages.action import ActionPage

_MIB = 2**20
#: Shown in mebibytes.
_MEMORY = {"memory": "Memory in MiB", "temporary": "Temporary files in MiB"}
_COUNTS = {"guests": "Processes in one worker", "threads": "Threads", "descriptors": "Open files"}


class SettingsPanel:
    """Fields bound to the draft; saved with it."""

    def __init__(self, visit: Visit, draft: ActionDraft, page: ActionPage) -> None:
        """The page checks what hosts change, and locks packages."""
        self._draft = draft
        self._page = page
        self._may_edit = visit.may_edit

    def draw(self) -> None:
        """All of it."""
        draft = self._draft
        with ui.element("div").classes("stack"):
            ui.label(f"Runs on {draft.runtime}").classes("hint")
            hosts = self._text("Hosts it may call, host:port, one a line", "egress")
            hosts.on_value_change(self._page.check)
            packages = self._text("Packages, name: exact version, one a line", "dependencies")
            packages.on_value_change(self._packages.refresh)
            self._packages()
            self._text("Configuration, JSON", "configuration")
            for name, title in _MEMORY.items():
                self._number(name, title, unit=_MIB)
            for name, title in _COUNTS.items():
                self._number(name, title, unit=1)
            once = ui.switch("A process for each execution", value=draft.isolation == "execution")
            once.set_enabled(self._may_edit)
            once.on_value_change(
                lambda e: setattr(draft, "isolation", "execution" if e.value else "action")
            )

    @ui.refreshable_method
    def _packages(self) -> None:
        """Whether they are locked, and the way to it."""
        said = self._draft.packages
        if not said:
            return
        with ui.element("div").classes("row"):
            ui.label(said).classes("hint" if said == "Locked." else "problem")
            if self._may_edit:
                lock = ui.button("Lock packages", icon="lock", color=None, on_click=self._lock)
                lock.classes("plain").tooltip(
                    "Resolves exact versions with hashes; no script of a package is run"
                )

    async def _lock(self) -> None:
        await self._page.lock()
        self._packages.refresh()

    def _text(self, title: str, name: str) -> ui.textarea:
        area = ui.textarea(title, value=getattr(self._draft, name)).classes("mono")
        area.props("outlined dense autogrow").set_enabled(self._may_edit)
        area.on_value_change(lambda e: setattr(self._draft, name, e.value or ""))
        return area

    def _number(self, name: str, title: str, *, unit: int) -> None:
        number = ui.number(title, value=self._draft.limits[name] // unit, min=1, precision=0)
        number.props("outlined dense").set_enabled(self._may_edit)

        def changed() -> None:
            if number.value:
                self._draft.limits[name] = int(number.value) * unit

        number.on_value_change(changed)
