"""A recorded login in a test run: its event, read from the log, through the flow as it is now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from nicegui import ui
from starlette.requests import Request

from authstream.console.admin_api import AdminApiError
from authstream.console.flow_draft import Step
from authstream.console.frame import failed, frame
from authstream.console.trial_panel import TrialPanel
from authstream.console.trial_result import show_outcome
from authstream.console.visit import Visit
from authstream.console.waterfall import show_asked, show_waterfall

_HERE = "/executions"


@ui.page("/executions/{flow_id}/replay")
async def replay(request: Request, flow_id: str) -> None:
    """What came of it then, and what would come of it now."""
    visit = Visit.of(request)
    with frame(visit, "Replay", here=_HERE):
        try:
            flow = await visit.api.execution(flow_id)
            recorded = await visit.api.recorded_event(flow_id)
            visit, bindings = await _flow_of(visit, recorded)
        except AdminApiError as error:
            failed(error)
            return
        with ui.element("div").classes("page-head"):
            ui.link("Execution", visit.link(f"{_HERE}/{flow_id}")).classes("crumb")
            ui.icon("chevron_right").props("aria-hidden=true").classes("hint")
            with ui.element("h1"):
                ui.label("Replay in a test run")
        if not recorded["personal"]:
            with ui.element("div").classes("banner").props("role=status"):
                ui.label(
                    "Personal data is taken out of this event: put in what your actions look at,"
                    " or ask an operator."
                )
        with ui.element("div").classes("editor-page"):
            with ui.element("div").classes("card"):
                trigger = {"name": recorded["trigger"], "sample": recorded["event"]}
                TrialPanel(visit, trigger, bindings=lambda: bindings).draw()
            with ui.element("div").classes("card stack"):
                _then(visit, flow["executions"][0])


async def _flow_of(
    visit: Visit, recorded: Mapping[str, Any]
) -> tuple[Visit, list[Mapping[str, Any]]]:
    """The flow that serves the login's tenant: its own, else the one that is looked at."""
    own = replace(visit, api=replace(visit.api, tenant=recorded["tenant"]))
    for one in (own, visit):
        found = await one.api.flow(recorded["trigger"])
        if found is not None:
            return one, [Step.of(binding).binding() for binding in found.members["bindings"]]
    return visit, []


def _then(visit: Visit, leg: Mapping[str, Any]) -> None:
    with ui.element("h2"):
        ui.label("What came of it then")
    show_outcome({**leg["verdict"], **{name: leg[name] for name in ("outcome", "code", "reason")}})
    show_waterfall(visit, leg)
    show_asked(leg)
