"""The library: all actions of a tenant, and the form that makes a new one."""

from __future__ import annotations

from typing import Any

from nicegui import ui
from nicegui.events import ValueChangeEventArguments
from starlette.requests import Request

from authstream.console.admin_api import AdminApiError
from authstream.console.frame import empty, failed, frame, heading
from authstream.console.local_time import local_time
from authstream.console.starting_points import StartingPoint, starting_points
from authstream.console.visit import Visit
from authstream.console.wording import flow_words

_LANGUAGES = {"javascript": "JavaScript", "python": "Python"}
_FIRST = "claims"


@ui.page("/actions")
async def actions(request: Request) -> None:
    """The list."""
    visit = Visit.of(request)
    with frame(visit, "Actions", here="/actions"):
        with ui.element("div").classes("page-head"):
            heading("Actions")
            ui.element("div").classes("grow")
            if visit.may_edit:
                new = ui.button("New action", icon="add", color=None).classes("main")
                new.on_click(lambda: ui.navigate.to(visit.link("/new-action")))
        try:
            found = await visit.api.actions()
            bound = await _bound(visit)
        except AdminApiError as error:
            failed(error)
            return
        if not found:
            empty("code", "No action yet", "Make one from a template with New action.")
            return
        Library(visit, found, bound).draw()


async def _bound(visit: Visit) -> dict[str, list[str]]:
    """The flows that each action is in."""
    bound: dict[str, list[str]] = {}
    for flow in await visit.api.flows():
        for binding in flow["bindings"]:
            bound.setdefault(binding["action"], []).append(flow["trigger"])
    return bound


class Library:
    """The list with its search field."""

    def __init__(
        self, visit: Visit, found: list[dict[str, Any]], bound: dict[str, list[str]]
    ) -> None:
        self._visit = visit
        self._found = found
        self._bound = bound
        self._sought = ""

    def draw(self) -> None:
        """All of it."""
        search = ui.input(placeholder="Search", on_change=self._seek)
        search.props('outlined dense clearable aria-label="Search actions"').style(
            "max-width:22rem"
        )
        with ui.element("div").classes("card scroll"):
            self._table()

    def _seek(self, event: ValueChangeEventArguments[str | None]) -> None:
        self._sought = (event.value or "").strip().lower()
        self._table.refresh()

    @ui.refreshable_method
    def _table(self) -> None:
        shown = [one for one in self._found if self._sought in one["name"].lower()]
        if not shown:
            empty("search_off", "Nothing of that name")
            return
        with ui.element("table").classes("table"):
            with ui.element("thead"), ui.element("tr"):
                for title in ("Action", "Trigger", "Deployed", "In flows", "Last change"):
                    with ui.element("th").props("scope=col"):
                        ui.label(title)
            with ui.element("tbody"):
                for one in shown:
                    self._row(one)

    def _row(self, one: dict[str, Any]) -> None:
        with ui.element("tr"):
            with ui.element("td"):
                ui.link(one["name"], self._visit.link(f"/actions/{one['name']}")).classes(
                    "step-name"
                )
            with ui.element("td"):
                ui.label(flow_words(one["draft"]["trigger"]).title)
            with ui.element("td"):
                deployed = one["deployed"]
                ui.label(f"v{deployed}" if deployed else "not yet").classes(
                    "chip good" if deployed else "chip warn"
                )
            with ui.element("td"):
                for trigger in self._bound.get(one["name"], []):
                    title = flow_words(trigger).title
                    ui.link(title, self._visit.link(f"/flows/{trigger}")).classes("chip soft")
            with ui.element("td"):
                local_time(one["changed_at"])
                ui.label(one["changed_by"]).classes("hint")


@ui.page("/new-action")
async def new_action(request: Request, trigger: str = "") -> None:
    """The form for a new action."""
    visit = Visit.of(request)
    with frame(visit, "New action", here="/actions"):
        heading("New action", "It begins as a draft: nothing runs it until you deploy it.")
        try:
            triggers = await visit.api.triggers()
        except AdminApiError as error:
            failed(error)
            return
        NewAction(visit, triggers, trigger).draw()


class NewAction:
    """Name, language, and what to begin with."""

    def __init__(self, visit: Visit, triggers: list[dict[str, Any]], trigger: str) -> None:
        self._visit = visit
        self._triggers = {one["name"]: one for one in triggers}
        self._trigger = trigger if trigger in self._triggers else "post-login"

    def draw(self) -> None:
        """The form."""
        points = starting_points()
        with ui.element("div").classes("card stack").style("max-width:44rem"):
            self._name = ui.input("Name").props("outlined dense autofocus")
            self._on = ui.select(
                {name: flow_words(name).title for name in self._triggers},
                value=self._trigger,
                label="Trigger",
                on_change=self._chosen,
            ).props("outlined dense")
            self._language = ui.radio(_LANGUAGES, value="javascript").props("inline")
            ui.label("Begin with").classes("hint")
            self._point = ui.radio(
                {"": "Nothing: an empty handler"}
                | {name: f"{point.title}: {point.about}" for name, point in points.items()},
                value=_FIRST if self._trigger == "post-login" else "",
            )
            with ui.element("div").classes("row"):
                ui.button("Create", on_click=self._create, color=None).classes("main")

    def _chosen(self) -> None:
        point = starting_points().get(self._point.value)
        if point is not None and point.trigger != self._on.value:
            self._point.set_value("")

    async def _create(self) -> None:
        name = (self._name.value or "").strip()
        point = starting_points().get(self._point.value) or self._plain()
        draft = {**point.draft(self._language.value), "trigger": self._on.value}
        with self._visit.told():
            await self._visit.api.create_action(name, draft)
            ui.navigate.to(self._visit.link(f"/actions/{name}"))

    def _plain(self) -> StartingPoint:
        handler = self._triggers[self._on.value]["handler"]
        snake = "".join(f"_{one.lower()}" if one.isupper() else one for one in handler)
        return StartingPoint(
            title="",
            about="",
            javascript=f"exports.{handler} = async (event, api) => {{\n}};\n",
            python=f"async def {snake}(event, api):\n    pass\n",
        )
