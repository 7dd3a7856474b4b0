"""An action's secrets: values go in and are never shown again, to anybody."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from nicegui import ui

from authstream.console.action_draft import ActionDraft
from authstream.console.frame import empty, icon_button
from authstream.console.local_time import local_time
from authstream.console.visit import Visit, done


class SecretsPanel:
    """Names, who set them when, and a form."""

    def __init__(
        self, visit: Visit, draft: ActionDraft, changed: Callable[[], Awaitable[None]]
    ) -> None:
        """`changed` is called when a secret was set or deleted."""
        self._visit = visit
        self._draft = draft
        self._changed = changed
        self._found: list[dict[str, Any]] = []

    def draw(self) -> None:
        """The list is filled in once it is known."""
        with ui.element("div").classes("stack"):
            ui.label("Workers use a new value within a second.").classes("hint")
            self._list()
            if self._visit.may_edit:
                self._form()
        ui.timer(0, self._load, once=True)

    def _form(self) -> None:
        name = ui.input("Name", placeholder="CRM_TOKEN").props("outlined dense").classes("mono")
        value = ui.input("Value").props("outlined dense type=password autocomplete=new-password")

        async def put() -> None:
            wanted = (name.value or "").strip()
            with self._visit.told():
                await self._visit.api.set_secret(self._draft.name, wanted, value.value or "")
                if wanted not in self._draft.secrets:
                    self._draft.secrets.append(wanted)
                done(f"{wanted} is set; it is in event.secrets once deployed")
                name.set_value("")
                value.set_value("")
                await self._load()
                await self._changed()

        ui.button("Set", on_click=put, color=None).classes("plain")

    async def _load(self) -> None:
        with self._visit.told():
            self._found = await self._visit.api.secrets(self._draft.name)
            self._list.refresh()

    @ui.refreshable_method
    def _list(self) -> None:
        known = {one["name"] for one in self._found}
        missing = [name for name in self._draft.secrets if name not in known]
        if not self._found and not missing:
            empty("key", "No secrets", "A token of another system goes here, not into the code.")
        for one in self._found:
            with ui.element("div").classes("row"):
                ui.label(one["name"]).classes("mono")
                ui.label("•••••• set").classes("chip good")
                ui.element("div").classes("grow")
                local_time(one["changed_at"])
                if self._visit.may_edit:
                    icon_button("delete", f"Delete {one['name']}", self._deleting(one["name"]))
        for name in missing:
            with ui.element("div").classes("row"):
                ui.label(name).classes("mono")
                ui.label("no value yet").classes("chip warn")

    def _deleting(self, name: str) -> Any:  # noqa: ANN401 - NiceGUI's handler
        async def delete() -> None:
            with self._visit.told():
                await self._visit.api.delete_secret(self._draft.name, name)
                if name in self._draft.secrets:
                    self._draft.secrets.remove(name)
                await self._load()
                await self._changed()

        return delete
