"""An action's versions: who made them, what differs, and the way back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from nicegui import ui

from authstream.console.action_draft import ActionDraft
from authstream.console.diff_view import diff_view
from authstream.console.frame import empty
from authstream.console.local_time import local_time
from authstream.console.visit import Visit, done

#: The draft among versions, which count from 1.
_DRAFT = 0


class VersionsPanel:
    """The newest first."""

    def __init__(
        self, visit: Visit, draft: ActionDraft, changed: Callable[[], Awaitable[None]]
    ) -> None:
        """`changed` is called when another version was deployed."""
        self._visit = visit
        self._draft = draft
        self._changed = changed
        self._found: list[dict[str, Any]] | None = None

    def draw(self) -> None:
        """The list is filled in once it is known."""
        self._list()
        ui.timer(0, self.load, once=True)

    async def load(self) -> None:
        """Read them, also anew."""
        with self._visit.told():
            self._found = await self._visit.api.versions(self._draft.name)
            for one in self._found:
                if one["version"] == self._draft.deployed:
                    self._draft.deployed_digest = one["digest"]
            self._list.refresh()

    @ui.refreshable_method
    def _list(self) -> None:
        if self._found is None:
            ui.spinner()
            return
        if not self._found:
            empty("inventory_2", "No version yet", "Deploy makes one of the draft.")
            return
        with ui.element("div").classes("stack"):
            self._two(self._found)
            for one in reversed(self._found):
                self._version(one)

    def _two(self, found: list[dict[str, Any]]) -> None:
        """Any two of them, and the draft, side by side."""
        names = {one["version"]: f"v{one['version']}" for one in reversed(found)}
        with ui.element("div").classes("row"):
            old = ui.select(names, value=self._draft.deployed or found[-1]["version"])
            new = ui.select({_DRAFT: "draft", **names}, value=_DRAFT)
            for select, label in ((old, "From"), (new, "To")):
                select.props(f'outlined dense options-dense label="{label}"').classes("version")

            async def show() -> None:
                await self._show(old.value or 0, new.value or None)

            ui.button("Show differences", on_click=show, color=None).classes("plain")

    async def _show(self, old: int, new: int | None) -> None:
        with self._visit.told():
            found = await self._visit.api.diff(self._draft.name, old=old, new=new)
            to = f"v{new}" if new else "draft"
            diff_view(f"{self._draft.name}: v{old} and {to}", found)

    def _version(self, one: dict[str, Any]) -> None:
        number, deployed = one["version"], self._draft.deployed
        with ui.element("div").classes("row").props("role=group"):
            ui.label(f"v{number}").classes("chip good" if number == deployed else "chip")
            with ui.element("div").classes("grow"):
                ui.label(one["note"] or "no note")
                with ui.element("div").classes("row hint"):
                    local_time(one["created_at"])
                    ui.label(f"by {one['created_by']}")
            if number == deployed:
                ui.label("deployed").classes("chip good")
                return
            if deployed:
                diff = ui.button("Diff", color=None).props("flat dense").classes("accent")
                diff.on_click(lambda: self._show(deployed, number))
            if self._visit.may_edit:
                back = ui.button(
                    "Roll back" if number < (deployed or 0) else "Run this one", color=None
                )
                back.classes("plain").props(f'dense aria-label="Run version {number}"')
                back.on_click(lambda: self._roll_back(number))

    async def _roll_back(self, number: int) -> None:
        with self._visit.told():
            await self._visit.api.roll_back(self._draft.name, number)
            done(f"Version {number} runs from the next login on")
            await self._changed()
