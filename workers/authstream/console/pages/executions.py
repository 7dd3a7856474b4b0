"""Executions as they come, and found again: by user, client, outcome, action, time, words."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

from nicegui import ui
from starlette.requests import Request

from authstream.console.admin_api import AdminApiError
from authstream.console.frame import empty, show
from authstream.console.trend_charts import TrendCharts
from authstream.console.visit import Visit, problem

#: Rows on the screen: a person looks at no more, and a browser stays smooth with them.
SHOWN = 50
#: A live list asks so often; whatever came meanwhile is one update.
_LIVE_SECONDS = 1.0
#: Charts are redrawn at every so many looks.
_CHARTS_EVERY = 5
_EVER = "ever"
_SINCE: dict[str, timedelta | None] = {
    "the last 15 minutes": timedelta(minutes=15),
    "the last hour": timedelta(hours=1),
    "the last day": timedelta(days=1),
    "the last two days": timedelta(days=2),
    "the last week": timedelta(days=7),
    _EVER: None,
}
_OUTCOMES = {"": "any outcome", **{it: it for it in ("allowed", "denied", "suspended", "failed")}}
_COLUMNS: list[dict[str, Any]] = [
    {"name": name, "label": label, "field": name, "align": "left"}
    for name, label in (
        ("at", "When"),
        ("outcome", "Outcome"),
        ("subject", "User"),
        ("reason", "Reason"),
        ("client", "Client"),
        ("ms", "Took"),
        ("trigger", "Flow"),
    )
]
#: Values are put in as text, never as markup.
_CELLS = {
    "at": '<a :href="props.row.link" class="crumb"><time :datetime="props.value"'
    ' :key="props.value"></time></a>',
    "outcome": "<span :class=\"'chip ' + props.value\">{{ props.value }}</span>",
    "reason": '<span class="hint reason" :title="props.value">{{ props.value }}</span>',
    "ms": '<span class="mono">{{ props.value }} ms</span>',
}


@ui.page("/executions")
async def executions(request: Request) -> None:
    """The list."""
    visit = Visit.of(request)
    await show(
        visit,
        ExecutionList(visit),
        title="Executions",
        hint="What ran, for whom, and what came of it. Newest first.",
        here="/executions",
    )


class ExecutionList:
    """The list with its filter and its charts."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._wanted: dict[str, Any] = {}
        self._since = "the last two days"
        self._found: list[dict[str, Any]] = []
        self._next: str | None = None
        #: Where the page begins that is shown; empty: at the newest.
        self._cursor = ""
        self._looks = 0
        self._triggers: list[str] = []
        self._trend: dict[str, Any] = {}

    async def read(self) -> None:
        """Raises AdminApiError."""
        self._triggers = [one["name"] for one in await self._visit.api.triggers()]
        await self._read_list()
        await self._read_trend()

    async def _read_list(self) -> None:
        wanted = {**self._wanted, "since": self._begin()}
        page = await self._visit.api.executions(wanted, limit=SHOWN, cursor=self._cursor)
        self._found, self._next = page["items"], page["next"]

    async def _read_trend(self) -> None:
        named = {name: self._wanted.get(name) for name in ("trigger", "action")}
        self._trend = await self._visit.api.trend({**named, "since": self._begin()})

    def _begin(self) -> int | None:
        age = _SINCE[self._since]
        return None if age is None else int((time.time() - age.total_seconds()) * 1000)

    def draw(self) -> None:
        """All of it."""
        self._filters()
        self._charts = TrendCharts()
        with ui.element("div").classes("card flush scroll"):
            self._table = ui.table(columns=_COLUMNS, rows=[], row_key="number", pagination=0)
            self._table.classes("executions").props("flat dense hide-pagination")
            for name, cell in _CELLS.items():
                self._table.add_slot(f"body-cell-{name}", f'<q-td :props="props">{cell}</q-td>')
        self._nothing()
        with ui.element("div").classes("row"):
            self._newest = ui.button("Newest", on_click=lambda: self._go(""), color=None)
            self._older = ui.button("Older", on_click=lambda: self._go(self._next), color=None)
            for button in (self._newest, self._older):
                button.classes("plain")
        self._show()
        self._show_trend()
        ui.timer(_LIVE_SECONDS, self._tick)

    def _filters(self) -> None:
        with ui.element("div").classes("row filters").props('role=search aria-label="Filter"'):
            self._text("user", "User id")
            self._choice("outcome", _OUTCOMES)
            flows = {"": "any flow", **{name: name for name in self._triggers}}
            self._choice("trigger", flows)
            self._text("action", "Action")
            self._text("client", "Client")
            self._text("text", "Text in logs and reasons")
            self._text("slower_than_ms", "Slower than, ms", numeric=True)
            since = ui.select(list(_SINCE), value=self._since)
            since.props('outlined dense options-dense aria-label="Since"')
            since.on_value_change(lambda e: self._set_since(e.value))
            ui.element("div").classes("grow")
            self._live = ui.switch("Live", value=True).props("dense")

    def _text(self, name: str, label: str, *, numeric: bool = False) -> None:
        field = ui.input(label).props("outlined dense clearable debounce=300")
        if numeric:
            field.props("type=number")
        field.on_value_change(lambda e: self._filter(name, e.value))

    def _choice(self, name: str, options: dict[str, str]) -> None:
        select = ui.select(options, value="").props(
            f'outlined dense options-dense aria-label="{name.capitalize()}"'
        )
        select.on_value_change(lambda e: self._filter(name, e.value))

    async def _filter(self, name: str, value: object) -> None:
        self._wanted[name] = value
        await self._anew()

    async def _set_since(self, value: str) -> None:
        self._since = value
        await self._anew()

    async def _anew(self) -> None:
        """From the newest on."""
        self._cursor = ""
        with self._visit.told():
            await self._read_list()
            self._show()
            await self._read_trend()
            self._show_trend()

    async def _tick(self) -> None:
        """A look at what came; one that fails is the last, so that it is told once."""
        if not self._live.value or self._cursor:
            return
        self._looks += 1
        try:
            await self._read_list()
            self._show()
            if not self._looks % _CHARTS_EVERY:
                await self._read_trend()
                self._show_trend()
        except AdminApiError as error:
            self._live.set_value(False)
            problem(f"{error} The list is not live any more.")

    async def _go(self, cursor: str | None) -> None:
        self._cursor = cursor or ""
        with self._visit.told():
            await self._read_list()
            self._show()

    def _show(self) -> None:
        rows = [self._row(one) for one in self._found]
        if rows != self._table.rows:
            self._table.rows = rows
        if bool(rows) != self._table.visible or not rows:
            self._table.set_visibility(bool(rows))
            self._nothing.refresh()
        self._newest.set_visibility(bool(self._cursor))
        self._older.set_visibility(self._next is not None)

    def _show_trend(self) -> None:
        self._charts.show(self._trend, action=self._wanted.get("action") or "")

    def _row(self, one: dict[str, Any]) -> dict[str, Any]:
        at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(one["requested_at"] / 1000))
        return {
            **{name: one[name] for name in ("number", "outcome", "trigger", "ms")},
            "at": f"{at}.{one['requested_at'] % 1000:03}Z",
            "subject": one["subject"] or "",
            "client": one["client"] or "",
            "reason": one["reason"] or one["code"] or "",
            "link": self._visit.link(f"/executions/{one['flow_id']}"),
        }

    @ui.refreshable_method
    def _nothing(self) -> None:
        """In place of a list without rows."""
        if self._found:
            return
        if any(self._wanted.values()) or self._since != _EVER:
            hint = "Widen the time, or remove a filter. A user is found by the whole id."
            empty("receipt_long", "No execution matches this filter", hint)
        else:
            empty("receipt_long", "Nothing ran yet", "Send a login: authstream send EVENT.json")
