"""One execution: what happened in words, runs on one scale, what was asked for, where it went."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from nicegui import ui
from starlette.requests import Request

from authstream.console.admin_api import AdminApiError
from authstream.console.frame import failed, frame
from authstream.console.trial_result import section, show_commands, show_dropped, show_runs
from authstream.console.visit import Visit


@ui.page("/executions/{flow_id}")
async def execution(request: Request, flow_id: str) -> None:
    """All that is known of a flow."""
    visit = Visit.of(request)
    with frame(visit, "Execution", here="/executions"):
        try:
            flow = await visit.api.execution(flow_id)
            story = await visit.api.story(flow_id)
        except AdminApiError as error:
            failed(error)
            return
        _head(visit, flow, story)
        with ui.element("div").classes("editor-page"):
            with ui.element("div").classes("card stack"):
                for leg in flow["executions"]:
                    _leg(leg)
                _followed(flow)
            with ui.element("div").classes("card stack"):
                _story(story)


def _head(visit: Visit, flow: dict[str, Any], story: dict[str, Any]) -> None:
    with ui.element("div").classes("page-head"):
        ui.link("Executions", visit.link("/executions")).classes("crumb")
        ui.icon("chevron_right").props("aria-hidden=true").classes("hint")
        with ui.element("h1"):
            ui.label(_title(flow))
        for leg in flow["executions"][-1:]:
            ui.label(leg["outcome"]).classes(f"chip {leg['outcome']}")
        ui.element("div").classes("grow")
        trace = story["trace"]
        if trace and trace.startswith(("http://", "https://")):
            ui.link("Trace", trace, new_tab=True).classes("crumb")
        text = json.dumps(flow, indent=2, ensure_ascii=False)
        ui.button(
            "Download",
            icon="download",
            on_click=lambda: ui.download.content(text, f"{flow['flow_id']}.json"),
            color=None,
        ).classes("plain")
    ui.label(story["headline"]).classes("hint")


def _title(flow: dict[str, Any]) -> str:
    subjects: list[str] = [leg["subject"] for leg in flow["executions"] if leg.get("subject")]
    return subjects[0] if subjects else str(flow["flow_id"])


def _leg(leg: dict[str, Any]) -> None:
    if leg["leg"]:
        section(f"Leg {leg['leg']}")
    if leg["late"]:
        ui.label("This came when the leg was decided already, and had no effect.").classes("hint")
    if leg["reason"]:
        ui.label(leg["reason"]).classes("pre problem" if leg["outcome"] == "failed" else "pre")
    show_runs(leg["runs"])
    show_dropped(leg["verdict"].get("dropped", ()))
    show_commands([{**one, "arguments": json.loads(one["arguments"])} for one in leg["commands"]])


def _followed(flow: dict[str, Any]) -> None:
    for name, title in (
        ("answers", "Told to the provider"),
        ("effects", "Delivered"),
        ("retries", "Waits for another try"),
        ("patches", "Metadata written"),
        ("letters", "Set aside"),
    ):
        if flow[name]:
            section(title)
            ui.label(json.dumps(flow[name], indent=2, ensure_ascii=False)).classes("pre")


def _story(story: dict[str, Any]) -> None:
    start = story["happened"][0]["at"] if story["happened"] else 0
    section("What happened")
    for moment in story["happened"]:
        with ui.element("div").classes("row"):
            ui.label(f"+{moment['at'] - start} ms").classes("chip mono")
            ui.label(moment["text"]).classes("grow")
        for line in moment["details"]:
            ui.label(line).classes("hint")
    _sentences("Why", story["why"])
    _sentences("Without effect", story["dropped"])
    _sentences("What to do", story["advice"])


def _sentences(title: str, sentences: Sequence[str]) -> None:
    if sentences:
        section(title)
        for sentence in sentences:
            ui.label(sentence)
