"""One execution: what happened in words, runs on one scale, what was asked for, where it went."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from nicegui import ui
from starlette.requests import Request

from authstream.console.admin_api import AdminApiError
from authstream.console.frame import failed, frame
from authstream.console.local_time import local_time
from authstream.console.trial_result import section, show_dropped
from authstream.console.visit import Visit
from authstream.console.waterfall import show_asked, show_waterfall
from authstream.console.wording import milliseconds

HERE = "/executions"


@ui.page("/executions/{flow_id}")
async def execution(request: Request, flow_id: str) -> None:
    """All that is known of a flow."""
    visit = Visit.of(request)
    with frame(visit, "Execution", here=HERE):
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
                    _leg(visit, leg)
                if not flow["executions"]:
                    ui.label("No verdict is recorded.").classes("hint")
            with ui.element("div").classes("card stack"):
                _story(flow, story)
                _letters(visit, flow)


def _head(visit: Visit, flow: dict[str, Any], story: dict[str, Any]) -> None:
    legs = flow["executions"]
    with ui.element("div").classes("page-head"):
        ui.link("Executions", visit.link(HERE)).classes("crumb")
        ui.icon("chevron_right").props("aria-hidden=true").classes("hint")
        with ui.element("h1"):
            ui.label(title(flow))
        for leg in legs[-1:]:
            ui.label(leg["outcome"]).classes(f"chip {leg['outcome']}")
        ui.element("div").classes("grow")
        trace = story["trace"]
        if trace and trace.startswith(("http://", "https://")):
            ui.link("Trace", trace, new_tab=True).classes("crumb")
        if visit.may_edit and any(leg["event_sha256"] for leg in legs):
            again = visit.link(f"{HERE}/{flow['flow_id']}/replay")
            ui.button(
                "Replay in a test run",
                icon="replay",
                on_click=lambda: ui.navigate.to(again),
                color=None,
            ).classes("plain")
        text = json.dumps(flow, indent=2, ensure_ascii=False)
        ui.button(
            "Download",
            icon="download",
            on_click=lambda: ui.download.content(text, f"{flow['flow_id']}.json"),
            color=None,
        ).classes("plain")
    with ui.element("div").classes("row hint"):
        for leg in legs[:1]:
            local_time(datetime.fromtimestamp(leg["requested_at"] / 1000, UTC).isoformat())
            client = f" at {leg['client']}" if leg["client"] else ""
            ui.label(f"· {leg['trigger']}{client} · tenant {leg['tenant']}")
            ui.label(f"· verdict after {milliseconds(leg['decided_at'] - leg['requested_at'])}")
        ui.label(f"· login {flow['flow_id']}").classes("mono")


def title(flow: dict[str, Any]) -> str:
    """Whose flow it is."""
    subjects: list[str] = [leg["subject"] for leg in flow["executions"] if leg.get("subject")]
    return subjects[0] if subjects else str(flow["flow_id"])


def _leg(visit: Visit, leg: dict[str, Any]) -> None:
    if leg["leg"]:
        section(f"Leg {leg['leg']}")
    if leg["late"]:
        ui.label("This came when the leg was decided already, and had no effect.").classes("hint")
    if leg["reason"]:
        ui.label(leg["reason"]).classes("pre problem" if leg["outcome"] == "failed" else "pre")
    show_waterfall(visit, leg)
    show_dropped(leg["verdict"].get("dropped", ()))
    show_asked(leg)
    if leg["verdict"]:
        with ui.expansion("The verdict").classes("verdict"):
            text = json.dumps(leg["verdict"], indent=2, ensure_ascii=False)
            ui.label(text).classes("pre")


def _story(flow: dict[str, Any], story: dict[str, Any]) -> None:
    """In words; what actions said is shown with their runs already."""
    start = story["happened"][0]["at"] if story["happened"] else 0
    said = _said(flow)
    section("What happened")
    for moment in story["happened"]:
        with ui.element("div").classes("moment"):
            ui.label(f"+{milliseconds(moment['at'] - start)}").classes("hint mono")
            ui.label(moment["text"])
            for line in moment["details"]:
                if line not in said:
                    ui.label(line).classes("hint detail")
    _sentences("Why", story["why"])
    _sentences("Without effect", story["dropped"])
    _sentences("What to do", story["advice"])


def _said(flow: dict[str, Any]) -> set[str]:
    runs = [run for leg in flow["executions"] for run in leg["runs"]]
    console = {f"{line['level']}: {line['text']}" for run in runs for line in run["console"]}
    return console | {line for run in runs for line in (run["error"] or "").splitlines()}


def _letters(visit: Visit, flow: dict[str, Any]) -> None:
    if flow["letters"]:
        section("Set aside")
    for letter in flow["letters"]:
        ui.link(
            f"Dead letter {letter['place']}: {letter['reason']}", visit.link("/dead-letters")
        ).classes("crumb")


def _sentences(title: str, sentences: Sequence[str]) -> None:
    if sentences:
        section(title)
        for sentence in sentences:
            ui.label(sentence)
