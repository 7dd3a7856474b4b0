"""Executions as they come, and found again: by user, client, outcome, action, time, words."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

from nicegui import ui
from starlette.requests import Request

from authstream.console.admin_api import AdminApiError
from authstream.console.frame import empty, failed, frame, heading
from authstream.console.visit import Visit

#: Rows on the screen: a person looks at no more, and a browser stays smooth with them.
SHOWN = 100
#: A live list asks so often.
_LIVE_SECONDS = 1.0
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
        ("client", "Client"),
        ("trigger", "Flow"),
        ("reason", "Reason"),
        ("ms", "Took"),
    )
]
#: Values are put in as text, never as markup.
_CELLS = {
    "at": '<a :href="props.row.link" class="crumb"><time :datetime="props.value"'
    ' :key="props.value"></time></a>',
    "outcome": "<span :class=\"'chip ' + props.value\">{{ props.value }}</span>",
    "reason": '<span class="hint">{{ props.value }}</span>',
    "ms": '<span class="mono">{{ props.value }} ms</span>',
}


@ui.page("/executions")
async def executions(request: Request) -> None:
    """The list."""
    visit = Visit.of(request)
    with frame(visit, "Executions", here="/executions"):
        heading("Executions", "What ran, for whom, and what came of it. Newest first.")
        page = ExecutionList(visit)
        try:
            await page.read()
        except AdminApiError as error:
            failed(error)
            return
        page.draw()


class ExecutionList:
    """The list with its filter."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._wanted: dict[str, Any] = {}
        self._since = "the last two days"
        self._found: list[dict[str, Any]] = []
        self._next: str | None = None

    async def read(self) -> None:
        """The newest that the filter takes. Raises AdminApiError."""
        age = _SINCE[self._since]
        since = None if age is None else int((time.time() - age.total_seconds()) * 1000)
        page = await self._visit.api.executions({**self._wanted, "since": since}, limit=SHOWN)
        self._found, self._next = page["items"], page["next"]

    def draw(self) -> None:
        """All of it."""
        with ui.element("div").classes("row").props('role=search aria-label="Filter"'):
            self._text("user", "User")
            self._choice("outcome", _OUTCOMES)
            self._text("action", "Action")
            self._text("client", "Client")
            self._text("text", "Text in logs and reasons")
            self._text("slower_than_ms", "Slower than, ms", numeric=True)
            since = ui.select(list(_SINCE), value=self._since)
            since.props('outlined dense options-dense aria-label="Since"')
            since.on_value_change(lambda e: self._set_since(e.value))
            ui.element("div").classes("grow")
            self._live = ui.switch("Live").props("dense")
        self._table = ui.table(columns=_COLUMNS, rows=[], row_key="number", pagination=0)
        self._table.classes("executions").props("flat dense hide-pagination")
        for name, cell in _CELLS.items():
            self._table.add_slot(f"body-cell-{name}", f'<q-td :props="props">{cell}</q-td>')
        self._below()
        self._show()
        ui.timer(_LIVE_SECONDS, self._tick)

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
        await self._again()

    async def _set_since(self, value: str) -> None:
        self._since = value
        await self._again()

    async def _tick(self) -> None:
        if self._live.value:
            await self._again()

    async def _again(self) -> None:
        with self._visit.told():
            await self.read()
            self._show()

    def _show(self) -> None:
        self._table.rows = [self._row(one) for one in self._found]
        self._table.set_visibility(bool(self._found))
        self._below.refresh()

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
    def _below(self) -> None:
        if not self._found:
            empty(
                "receipt_long",
                "Nothing ran that this filter takes",
                "Take a longer time, or less of the filter.",
            )
        elif self._next is not None:
            ui.label(f"The newest {SHOWN} are shown; narrow the filter for others.").classes("hint")
