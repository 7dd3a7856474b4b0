"""One flow as a picture: actions are dragged into it, put in order, and applied at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from nicegui import ui
from nicegui.events import SortableEventArguments, ValueChangeEventArguments
from starlette.requests import Request

from authstream.console.admin_api import AdminApi, AdminApiError
from authstream.console.comparison_panel import ComparisonPanel
from authstream.console.flow_draft import FlowDraft, changes
from authstream.console.frame import empty, failed, frame, icon_button
from authstream.console.node_figures import LOOK_SECONDS, WHOLE, NodeFigures
from authstream.console.step_card import Handlers, focus, step_card
from authstream.console.step_settings import StepSettings
from authstream.console.trial_panel import TrialPanel
from authstream.console.visit import Visit, done
from authstream.console.wording import flow_words

#: How soon a page that is open notices that somebody else changed the flow.
_LOOK_SECONDS = 3.0
#: Lists that exchange their items have this group.
_GROUP = "flow"


@ui.page("/flows/{trigger}")
async def flow(request: Request, trigger: str) -> None:
    """The editor of a trigger's flow."""
    visit = Visit.of(request)
    words = flow_words(trigger)
    with frame(visit, words.title, here="/flows"):
        try:
            page = await FlowPage.opened(visit, trigger)
        except AdminApiError as error:
            failed(error)
            return
        page.draw()


class FlowPage:
    """The page of one flow, with what its viewer has made of it."""

    def __init__(
        self, visit: Visit, trigger: dict[str, Any], actions: list[dict[str, Any]]
    ) -> None:
        self.visit = visit
        self.trigger = trigger
        self.words = flow_words(trigger["name"])
        self.draft = FlowDraft()
        self.actions = {one["name"]: one for one in actions}
        self._sought = ""
        #: Who was faster, once somebody was.
        self._other: dict[str, Any] | None = None
        self._settings = StepSettings(self)
        #: One question to the admin API at a time: an answer from before an own change is old.
        self._exchange = asyncio.Lock()
        self._figures = NodeFigures(visit, trigger["name"])
        #: What can be dragged, by the ids of its elements: a step's index, an action's name.
        self._cards: dict[int, int] = {}
        self._items: dict[int, str] = {}

    @classmethod
    async def opened(cls, visit: Visit, name: str) -> FlowPage:
        """Raises AdminApiError."""
        api = visit.api
        trigger = next((one for one in await api.triggers() if one["name"] == name), None)
        if trigger is None:
            raise AdminApiError(f"there is no trigger {name}: choose one under Flows")
        page = cls(visit, trigger, await _actions(api, name))
        page._take(*await _current(api, name))
        return page

    def draw(self) -> None:
        """All of it."""
        #: Where dialogs are: what is drawn anew takes what is in it along.
        self.dialogs = ui.element("div").classes("dialogs")
        self._head()
        self._banner()
        with ui.element("div").classes("flow-page"):
            self._canvas()
            with ui.element("section").classes("library").props('aria-label="Library"'):
                self._library_head()
                self._library()
        self._unsaved()
        ui.timer(_LOOK_SECONDS, self.look)
        ui.timer(LOOK_SECONDS, self._figures.load)

    def redraw(self) -> None:
        """After a change of the draft."""
        self._canvas.refresh()
        self._library.refresh()
        self._count_changes()

    # What is shown ------------------------------------------------------------------------------

    def _head(self) -> None:
        with ui.element("div").classes("page-head"):
            ui.link("Flows", self.visit.link("/flows")).classes("crumb")
            ui.icon("chevron_right").props("aria-hidden=true").classes("hint")
            with ui.element("h1"):
                ui.label(self.words.title)
            ui.label(self.trigger["name"]).classes("chip mono")
            ui.element("div").classes("grow")
            if self.visit.may_edit:
                for text, icon, action in (
                    ("Compare", "balance", self._compare),
                    ("Test the flow", "play_arrow", self._test),
                ):
                    ui.button(text, icon=icon, on_click=action, color=None).classes("plain")
            else:
                ui.label("You may look, not change").classes("chip warn")

    @ui.refreshable_method
    def _banner(self) -> None:
        if self._other is None:
            return
        who = self._other["changed_by"]
        theirs = changes(self.draft.saved, FlowDraft.of(self._other["bindings"], 0).steps)
        with ui.element("div").classes("banner").props("role=alert"):
            ui.icon("group").props("aria-hidden=true")
            with ui.element("div").classes("grow"):
                ui.label(f"{who} changed this flow while you were editing it.")
                ui.label("; ".join(one.text for one in theirs)).classes("hint")
            ui.button("Drop mine", on_click=self._take_theirs, color=None).classes("plain")
            ui.button("Keep mine", on_click=self._keep_mine, color=None).classes("plain").tooltip(
                "What you made replaces theirs when you apply it; the difference is shown"
            )

    @ui.refreshable_method
    def _canvas(self) -> None:
        self._figures.forget()
        with ui.element("section").classes("canvas").props('aria-label="Flow"'):
            with ui.element("div").classes("terminal"):
                ui.icon(self.words.icon).props("aria-hidden=true")
                ui.label(self.words.start)
            ui.element("div").classes("arrow")
            steps = ui.column().classes("steps").props('role=list aria-label="Actions in order"')
            with steps:
                self._steps()
            if self.visit.may_edit:
                steps.make_sortable(
                    on_end=self._dragged,
                    group={"name": _GROUP, "pull": False, "put": True},
                    handle=".grip",
                    ghost_class="drag-ghost",
                )
            with ui.element("div").classes("terminal end"):
                ui.icon("verified_user").props("aria-hidden=true")
                ui.label(self.words.end)
            self._figures.draw(WHOLE)

    def _steps(self) -> None:
        before = {step.action: step for step in self.draft.saved}
        self._cards.clear()
        for index, step in enumerate(self.draft.steps):
            card = step_card(
                index,
                step,
                before=before.get(step.action),
                action=self.actions.get(step.action),
                figures=self._figures,
                last=index == len(self.draft.steps) - 1,
                handlers=Handlers(self._move, self._switch, self._settings.open, self._remove)
                if self.visit.may_edit
                else None,
                link=self.visit.link(f"/actions/{step.action}"),
            )
            self._cards[card.id] = index
        if not self.draft.steps:
            text = "Drag an action here" if self.visit.may_edit else "No action runs here"
            ui.label(text).classes("drop-here")

    def _library_head(self) -> None:
        with ui.element("div").classes("row"):
            with ui.element("h2"):
                ui.label("Library")
            ui.element("div").classes("grow")
            if self.visit.may_edit:
                target = self.visit.link("/new-action", trigger=self.trigger["name"])
                ui.link("New action", target).classes("crumb")
        search = ui.input(placeholder="Search", on_change=self._seek)
        search.props('dense outlined clearable aria-label="Search the library"')

    @ui.refreshable_method
    def _library(self) -> None:
        free = [
            name
            for name in self.actions
            if name not in self.draft.actions and self._sought in name.lower()
        ]
        items = ui.column().classes("library-list").props("role=list")
        self._items.clear()
        with items:
            for name in free:
                self._items[self._library_item(name).id] = name
        if self.visit.may_edit:
            items.make_sortable(
                {"sort": False},
                on_end=self._dropped,
                group={"name": _GROUP, "pull": "clone", "put": False},
                ghost_class="drag-ghost",
            )
        if not free:
            self._nothing_in_library()

    def _library_item(self, name: str) -> ui.element:
        action = self.actions[name]
        with ui.element("div").classes("library-item").props("role=listitem") as item:
            ui.icon("drag_indicator").classes("hint").props("aria-hidden=true")
            ui.label(name).classes("step-name")
            if action["deployed"] is None:
                ui.label("not deployed").classes("chip warn")
            elif self.visit.may_edit:
                icon_button("add", f"Add {name}", lambda: self._add(name))
        return item

    def _nothing_in_library(self) -> None:
        if self._sought:
            empty("search_off", "Nothing of that name")
        elif self.actions:
            empty("done_all", "All actions are in the flow")
        else:
            empty("code", "No action yet", "Make one with New action, deploy it, drag it here.")

    def _unsaved(self) -> None:
        """Always there, and shown when there is something to apply: so a click is never lost."""
        self._bar = ui.element("div").classes("unsaved").props("role=status")
        with self._bar:
            self._count = ui.label()
            flat = ui.button("Show", on_click=self._show_changes, color=None).props("flat dense")
            flat.classes("accent")
            ui.button("Discard", on_click=self._discard, color=None).props("flat dense")
            ui.button("Apply", on_click=self.apply, color=None).classes("main")
        self._count_changes()

    def _count_changes(self) -> None:
        found = len(self.draft.changes())
        self._count.set_text(f"{found} unsaved change{'s' if found != 1 else ''}")
        self._bar.set_visibility(self.draft.dirty)

    def _show_changes(self) -> None:
        with ui.dialog() as dialog, ui.card():
            with ui.element("h2"):
                ui.label("What Apply changes")
            with ui.element("div").classes("diff"):
                for one in self.draft.changes():
                    sign = {"added": "plus", "removed": "minus"}.get(one.kind, "at")
                    ui.label(one.text).classes(sign)
            with ui.element("div").classes("row"):
                ui.element("div").classes("grow")
                ui.button("Close", on_click=dialog.close, color=None).props("flat")
        dialog.open()

    # What is done -------------------------------------------------------------------------------

    def _seek(self, event: ValueChangeEventArguments[str | None]) -> None:
        self._sought = (event.value or "").strip().lower()
        self._library.refresh()

    def _add(self, name: str) -> None:
        self.draft.add(name)
        self.redraw()

    def _dropped(self, event: SortableEventArguments) -> None:
        """From the library: into the flow, or back to where it came from."""
        name = self._items[event.item.id]
        if event.target is not event.source:
            if self.actions[name]["deployed"] is None:
                ui.notify(f"Deploy {name} first", type="warning")
            else:
                self.draft.add(name, event.new_index)
        self.redraw()

    def _dragged(self, event: SortableEventArguments) -> None:
        if self.draft.move(self._cards[event.item.id], event.new_index):
            self.redraw()

    def _move(self, index: int, by: int, label: str) -> None:
        if self.draft.move(index, index + by):
            self.redraw()
            focus(label)

    def _switch(self, index: int, enabled: bool) -> None:  # noqa: FBT001 - a switch's value
        self.draft.change(index, enabled=enabled)
        self.redraw()

    def _remove(self, index: int) -> None:
        self.draft.remove(index)
        self.redraw()

    def _discard(self) -> None:
        self.draft.discard()
        self.redraw()

    def _test(self) -> None:
        bindings = self._bindings()
        self._dialog(TrialPanel(self.visit, self.trigger, bindings=lambda: bindings).draw)

    def _compare(self) -> None:
        bindings, name = self._bindings(), self.trigger["name"]
        self._dialog(ComparisonPanel(self.visit, name, bindings=lambda: bindings).draw)

    def _bindings(self) -> list[dict[str, Any]]:
        return [step.binding() for step in self.draft.steps]

    def _dialog(self, draw: Callable[[], None]) -> None:
        with ui.dialog() as dialog, ui.card().style("width:min(60rem,96vw)"):
            draw()
            with ui.element("div").classes("row"):
                ui.element("div").classes("grow")
                ui.button("Close", on_click=dialog.close, color=None).props("flat")
        dialog.open()

    async def apply(self) -> None:
        """Put the draft into effect as one revision; or say who was faster."""
        name, api = self.trigger["name"], self.visit.api
        with self.visit.told():
            async with self._exchange:
                if not self.draft.dirty:  # clicked twice
                    return
                try:
                    answer = await api.set_flow(
                        name, self._bindings(), revision=self.draft.revision
                    )
                except AdminApiError as error:
                    if not error.conflict:
                        raise
                    await self._compare_with_others()
                    return
                self._take(answer.body, answer.revision or 0)
            self.redraw()
            done("In effect from the next login on")

    # Others -------------------------------------------------------------------------------------

    async def look(self) -> None:
        """See whether somebody else changed the flow."""
        with self.visit.told():
            async with self._exchange:
                await self._compare_with_others()

    async def _compare_with_others(self) -> None:
        body, revision = await _current(self.visit.api, self.trigger["name"])
        if revision == self.draft.revision:
            return
        if self.draft.dirty:
            self._other = {**body, "revision": revision}
            self._banner.refresh()
        else:
            self._take(body, revision)
            self.redraw()

    def _take(self, body: dict[str, Any], revision: int) -> None:
        self.draft = FlowDraft.of(body["bindings"], revision)

    def _take_theirs(self) -> None:
        if self._other is not None:
            self._take(self._other, self._other["revision"])
        self._settled()

    def _keep_mine(self) -> None:
        if self._other is not None:
            self.draft.rebase(self._other["bindings"], self._other["revision"])
        self._settled()

    def _settled(self) -> None:
        self._other = None
        self._banner.refresh()
        self.redraw()


async def _actions(api: AdminApi, trigger: str) -> list[dict[str, Any]]:
    return [one for one in await api.actions() if one["draft"]["trigger"] == trigger]


async def _current(api: AdminApi, trigger: str) -> tuple[dict[str, Any], int]:
    """The flow in effect and its revision; an empty one where there is none."""
    answer = await api.flow(trigger)
    if answer is None:
        return {"bindings": [], "changed_by": ""}, 0
    return answer.body, answer.revision or 0
