"""The kinds of effects that actions may order, and what a payload of each has."""

from __future__ import annotations

import json
from typing import Any

from nicegui import ui
from starlette.requests import Request

from authstream.console.admin_api import AdminApiError
from authstream.console.code_editor import code_editor
from authstream.console.effect_preview import show_preview
from authstream.console.frame import failed, frame, heading
from authstream.console.visit import Visit, problem

#: A payload to begin with: a template of ours.
_SAMPLE = {"to": "ada@example.com", "template": "welcome", "values": {"name": "Ada"}}


@ui.page("/effects")
async def effects(request: Request) -> None:
    """One card for each kind."""
    visit = Visit.of(request)
    with frame(visit, "Effects", here="/effects"):
        heading(
            "Effects", "What an action orders with api.effects.send, delivered after the login."
        )
        try:
            kinds = await visit.api.effects()
        except AdminApiError as error:
            failed(error)
            return
        for kind in kinds:
            _kind(visit, kind)


def _kind(visit: Visit, kind: dict[str, Any]) -> None:
    inputs = kind["inputs"]
    required = set(inputs.get("required", ()))
    with ui.element("section").classes("card stack"):
        with ui.element("div").classes("row"):
            with ui.element("h2"):
                ui.label(kind["name"])
            ui.label(inputs.get("description", "")).classes("hint")
        with ui.element("table").classes("table"), ui.element("tbody"):
            for name, member in inputs.get("properties", {}).items():
                with ui.element("tr"):
                    with ui.element("th").props("scope=row"):
                        ui.label(name).classes("mono")
                    with ui.element("td"):
                        ui.label("needed" if name in required else "optional").classes("hint")
                    with ui.element("td"):
                        ui.label(_type(member)).classes("hint")
        sample = {name: "…" for name in inputs.get("properties", {}) if name in required}
        ui.label(f'api.effects.send("{kind["name"]}", {sample})').classes("pre")
        if kind["previews"] and visit.may_edit:
            _Tried(visit, kind["name"]).draw()


class _Tried:
    """A payload that is written here, as its reader would see it."""

    def __init__(self, visit: Visit, kind: str) -> None:
        self._visit = visit
        self._kind = kind
        self._preview: dict[str, Any] | None = None

    def draw(self) -> None:
        """The payload, and what becomes of it."""
        with ui.element("h3"):
            ui.label("Preview")
        with ui.element("div").classes("editor small"):
            self._editor = code_editor(json.dumps(_SAMPLE, indent=2), "JSON", "Payload")
        with ui.element("div").classes("row"):
            ui.button("Preview", on_click=self._ask, color=None).classes("plain")
        self._shown()

    async def _ask(self) -> None:
        try:
            payload = json.loads(self._editor.value)
        except ValueError as error:
            problem(f"The payload is not JSON: {error}")
            return
        with self._visit.told():
            self._preview = await self._visit.api.preview(self._kind, payload)
            self._shown.refresh()

    @ui.refreshable_method
    def _shown(self) -> None:
        if self._preview is not None:
            show_preview(self._preview)


def _type(member: dict[str, Any]) -> str:
    kinds = [member, *member.get("anyOf", ())]
    return " or ".join(str(one["type"]) for one in kinds if one.get("type", "null") != "null")
