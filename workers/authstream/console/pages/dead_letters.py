"""Dead letters: why each was set aside, the record itself, replay and drop."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import UTC, datetime
from typing import Any, cast

from nicegui import ui
from nicegui.events import GenericEventArguments
from starlette.requests import Request

from authstream.console.frame import empty, show
from authstream.console.visit import Visit, done

_AGES = {24: "the last day", 72: "the last three days", 168: "the last week"}
_COLUMNS: list[dict[str, Any]] = [
    {"name": name, "label": label, "field": name, "align": "left"}
    for name, label in (
        ("at", "When"),
        ("reason", "Reason"),
        ("stage", "Set aside by"),
        ("tenant", "Tenant"),
        ("detail", "Detail"),
        ("look", ""),
    )
]
#: Values are put in as text, never as markup.
_CELLS = {
    "at": '<time :datetime="props.value" :key="props.value" class="hint"></time>',
    "reason": '<span class="chip bad mono">{{ props.value }}</span> '
    '<span v-if="props.row.settled" class="chip">{{ props.row.settled }}</span>',
    "detail": '<span class="hint detail">{{ props.value }}</span>',
    "look": '<q-btn flat dense no-caps label="Look"'
    " :aria-label=\"'Look at ' + props.row.place\""
    " @click=\"() => $parent.$emit('look', props.row)\" />",
}


@ui.page("/dead-letters")
async def dead_letters(request: Request) -> None:
    """The list."""
    visit = Visit.of(request)
    await show(
        visit,
        LetterList(visit),
        title="Dead letters",
        hint="Records that could not be processed, and why. Each is settled once.",
        here="/dead-letters",
    )


class LetterList:
    """The list with its filter, and what can be done with letters."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._wanted: dict[str, Any] = {"hours": 168}
        self._found: list[dict[str, Any]] = []
        self._more = False
        #: Places and reasons of those that could not be published again.
        self._refused: dict[str, str] = {}

    async def read(self) -> None:
        """Raises AdminApiError."""
        page = await self._visit.api.dead_letters(self._wanted)
        self._found, self._more = page["items"], page["next"] is not None

    def draw(self) -> None:
        """All of it."""
        with ui.element("div").classes("row filters").props('role=search aria-label="Filter"'):
            for name, label in (("reason", "Reason"), ("stage", "Set aside by")):
                field = ui.input(label).props("outlined dense clearable debounce=300")
                field.on_value_change(lambda e, name=name: self._filter(name, e.value))
            ages = ui.select(_AGES, value=self._wanted["hours"])
            ages.props('outlined dense options-dense aria-label="Since"')
            ages.on_value_change(lambda e: self._filter("hours", e.value))
            settled = ui.switch("Also those settled").props("dense")
            settled.on_value_change(lambda e: self._filter("settled", e.value or None))
            ui.element("div").classes("grow")
            ui.button("Look again", icon="refresh", on_click=self._again, color=None).classes(
                "plain"
            )
        self._operations()
        self._list()

    def _operations(self) -> None:
        """Only an operator settles letters."""
        if not self._visit.may_operate:
            ui.label("You may look at this list; an operator replays and drops.").classes("hint")
            return
        with ui.element("div").classes("row"):
            for label, icon, ask in (
                ("Replay", "replay", self._ask_replay),
                ("Drop", "delete_outline", self._ask_drop),
            ):
                ui.button(label, icon=icon, on_click=ask, color=None).classes("plain")

    async def _filter(self, name: str, value: object) -> None:
        self._wanted[name] = value
        await self._again()

    async def _again(self) -> None:
        with self._visit.told():
            await self.read()
            self._list.refresh()

    @ui.refreshable_method
    def _list(self) -> None:
        self._refusals()
        if not self._found:
            empty(
                "mark_email_read",
                "Nothing was set aside in this time",
                "What cannot be processed is kept here with its reason.",
            )
            return
        chosen = "multiple" if self._visit.may_operate else None
        with ui.element("div").classes("card flush scroll"):
            self._table = ui.table(
                columns=_COLUMNS,
                rows=[self._row(one) for one in self._found],
                row_key="place",
                selection=chosen,  # type: ignore[arg-type]  # one of its words
                pagination=0,
            )
        self._table.classes("executions").props("flat dense hide-pagination")
        for name, cell in _CELLS.items():
            self._table.add_slot(f"body-cell-{name}", f'<q-td :props="props">{cell}</q-td>')
        self._table.on("look", self._look)
        if self._more:
            text = f"The newest {len(self._found)} are shown; narrow the filter for others."
            ui.label(text).classes("hint")

    def _refusals(self) -> None:
        if self._refused:
            with ui.element("div").classes("banner bad stack").props("role=alert"):
                for place, why in self._refused.items():
                    ui.label(f"{place} was not published again: {why}")

    async def _look(self, event: GenericEventArguments) -> None:
        """The whole letter; an operator sees the record too."""
        said = event.args
        with ui.dialog() as dialog, ui.card().classes("stack"):
            with ui.element("h2"):
                ui.label(f"Dead letter {said['place']}")
            ui.label(said["detail"]).classes("pre problem")
            ui.label(f"It was in {said['origin']}.").classes("hint")
            if said["link"]:
                ui.link("Its execution", said["link"]).classes("crumb")
            if self._visit.may_operate:
                with self._visit.told():
                    whole = await self._visit.api.dead_letter(said["place"])
                    text = json.dumps(whole["record"], indent=2, ensure_ascii=False)
                    ui.label(text).classes("pre")
            ui.button("Close", on_click=dialog.close, color=None).classes("plain")
        dialog.open()

    def _chosen(self) -> list[str]:
        if not self._found or not self._table.selected:
            ui.notify("Choose letters in the list first.")
            return []
        chosen = cast("list[dict[str, Any]]", self._table.selected)
        return [str(one["place"]) for one in chosen]

    def _ask_replay(self) -> None:
        places = self._chosen()
        if not places:
            return
        with ui.dialog() as dialog, ui.card().classes("stack"):
            with ui.element("h2"):
                ui.label(f"Publish {_counted(places)} again?")
            ui.label(
                "Effects and metadata go out under their ids, so nothing is done twice. A login is"
                " a new flow."
            ).classes("hint")
            effects = ui.checkbox("Logins also have their effects and metadata")
            _answers(
                dialog, "Replay now", lambda: self._replay(places, effects=bool(effects.value))
            )
        dialog.open()

    def _ask_drop(self) -> None:
        places = self._chosen()
        if not places:
            return
        with ui.dialog() as dialog, ui.card().classes("stack"):
            with ui.element("h2"):
                ui.label(f"Drop {_counted(places)}?")
            ui.label("They are listed no more, unless asked for as settled.").classes("hint")
            _answers(dialog, "Drop now", lambda: self._drop(places))
        dialog.open()

    async def _replay(self, places: Sequence[str], *, effects: bool) -> None:
        with self._visit.told():
            result = await self._visit.api.replay_letters(places, effects=effects)
            self._refused = result["refused"]
            if result["replayed"]:
                done(f"{_counted(result['replayed'])} published again")
            await self._again()

    async def _drop(self, places: Sequence[str]) -> None:
        with self._visit.told():
            await self._visit.api.drop_letters(places)
            self._refused = {}
            done(f"{_counted(places)} dropped")
            await self._again()

    def _row(self, one: dict[str, Any]) -> dict[str, Any]:
        """What the table shows, and what a closer look needs."""
        origin = one["origin"]
        at = datetime.fromtimestamp(one["at"] / 1000, UTC).isoformat()
        flow = one["flow_id"]
        return {
            **{name: one[name] or "" for name in ("place", "reason", "stage", "detail", "tenant")},
            "at": at,
            "settled": one["settled"] or "",
            "origin": f"{origin['topic']}, partition {origin['partition']} at {origin['offset']}",
            "link": self._visit.link(f"/executions/{flow}") if flow else "",
        }


def _answers(dialog: ui.dialog, label: str, act: Callable[[], Awaitable[None]]) -> None:
    """The buttons below a question."""

    async def agreed() -> None:
        dialog.close()
        await act()

    with ui.element("div").classes("row"):
        ui.element("div").classes("grow")
        ui.button("Cancel", on_click=dialog.close, color=None).classes("plain")
        ui.button(label, on_click=agreed, color=None).classes("main")


def _counted(places: Collection[str]) -> str:
    return "1 letter" if len(places) == 1 else f"{len(places)} letters"
