"""All flows of a tenant: one card for each trigger, those with actions first."""

from __future__ import annotations

from typing import Any

from nicegui import ui
from starlette.requests import Request

from authstream.console.admin_api import AdminApiError
from authstream.console.frame import failed, frame, heading
from authstream.console.visit import Visit
from authstream.console.wording import flow_words

_SHOWN = 5


@ui.page("/")
async def home(request: Request) -> None:
    """Flows are where everybody begins."""
    await flows(request)


@ui.page("/flows")
async def flows(request: Request) -> None:
    """The overview."""
    visit = Visit.of(request)
    with frame(visit, "Flows", here="/flows"):
        heading("Flows", "Which actions run, and in which order. Open one to change it.")
        try:
            triggers = await visit.api.triggers()
            bound = {flow["trigger"]: flow["bindings"] for flow in await visit.api.flows()}
        except AdminApiError as error:
            failed(error)
            return
        used = [one for one in triggers if bound.get(one["name"])]
        rest = [one for one in triggers if not bound.get(one["name"])]
        _cards(visit, used or [one for one in rest if one["name"] == "post-login"], bound)
        with ui.element("h2"):
            ui.label("Without actions")
        _cards(visit, [one for one in rest if used or one["name"] != "post-login"], bound)


def _cards(
    visit: Visit, triggers: list[dict[str, Any]], bound: dict[str, list[dict[str, Any]]]
) -> None:
    with ui.element("div").classes("cards"):
        for trigger in triggers:
            _card(visit, trigger["name"], bound.get(trigger["name"], []))


def _card(visit: Visit, trigger: str, bindings: list[dict[str, Any]]) -> None:
    words = flow_words(trigger)
    with (
        ui.link(target=visit.link(f"/flows/{trigger}")).classes("card card-link"),
        ui.element("div").classes("stack"),
    ):
        with ui.element("div").classes("row tight"):
            ui.icon(words.icon).props("aria-hidden=true")
            with ui.element("h3"):
                ui.label(words.title)
            ui.element("div").classes("grow")
            if bindings:
                ui.label(f"{len(bindings)}").classes("chip").tooltip("actions")
        names = [one["action"] for one in bindings]
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        ui.label(" → ".join(names[:_SHOWN]) + more or trigger).classes("hint")
