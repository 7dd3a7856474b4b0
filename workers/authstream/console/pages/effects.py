"""The kinds of effects that actions may order, and what a payload of each has."""

from __future__ import annotations

from typing import Any

from nicegui import ui
from starlette.requests import Request

from authstream.console.admin_api import AdminApiError
from authstream.console.frame import failed, frame, heading
from authstream.console.visit import Visit


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
            _kind(kind)


def _kind(kind: dict[str, Any]) -> None:
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


def _type(member: dict[str, Any]) -> str:
    kinds = [member, *member.get("anyOf", ())]
    return " or ".join(str(one["type"]) for one in kinds if one.get("type", "null") != "null")
