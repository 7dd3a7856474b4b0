"""Charts of a span of time: how flows ended, how long they took, and which actions took it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nicegui import ui

from authstream.console.wording import milliseconds

#: Of middling lightness, so that they can be told apart on white and on black.
_COLOURS = {
    **dict.fromkeys(("allowed", "ok"), "#3a9d63"),
    "denied": "#d09a2a",
    "suspended": "#7b8cf0",
    "failed": "#d4534a",
    "error": "#d4534a",
    "timeout": "#b0408f",
    "crashed": "#8a3b34",
    "unavailable": "#8c8c86",
}
_TEXT, _LINE = "#8c8c86", "rgba(140,140,134,0.25)"
_LINES = (("p50_ms", "p50", "#7b8cf0"), ("p95_ms", "p95", "#d09a2a"), ("p99_ms", "p99", "#d4534a"))
#: Ends that are no error.
_FINE = ("ok", "denied", "suspended")
#: Actions listed, the slowest first.
_ACTIONS = 8


class TrendCharts:
    """Two charts and a table; drawn once, then given the newest figures."""

    def __init__(self) -> None:
        self._shares: Sequence[Mapping[str, Any]] = ()
        self._told: Sequence[Mapping[str, Any]] = ()
        with ui.element("div").classes("trend"):
            self._ends = _card("How it ended")
            self._times = _card("Time from event to verdict")
            with ui.element("section").classes("card stack"):
                _title("Actions, slowest first")
                self._actions()

    def show(self, trend: Mapping[str, Any], *, action: str) -> None:
        """These figures; of one action's runs where it is named."""
        slices = trend["slices"]
        _update(self._ends, _ends(slices))
        _update(self._times, _times(slices))
        total = sum(sum(one["counts"].values()) for one in slices)
        what = f"runs of {action}" if action else "executions"
        self._ends.props["aria-label"] = f"{total} {what}: {_spoken(slices)}"
        self._times.props["aria-label"] = f"Durations of {what} over time, in milliseconds"
        self._shares, self._told = trend["actions"], trend["connections"]
        self._actions.refresh()

    @ui.refreshable_method
    def _actions(self) -> None:
        shares = sorted(self._shares, key=lambda one: -(one["p95_ms"] or 0))
        if not shares:
            ui.label("No action ran.").classes("hint")
            return
        with ui.element("div").classes("scroll"), ui.element("table").classes("table"):
            with ui.element("thead"), ui.element("tr"):
                for name in ("Action", "Runs", "Errors", "Denied", "p95"):
                    with ui.element("th").props("scope=col"):
                        ui.label(name)
            with ui.element("tbody"):
                for one in shares[:_ACTIONS]:
                    _share(one)
        _failed_open(self._told)


def _card(title: str) -> ui.echart:
    with ui.element("section").classes("card stack"):
        _title(title)
        chart = ui.echart(_frame(), renderer="svg").classes("chart")
        chart.props["role"] = "img"
    return chart


def _title(text: str) -> None:
    with ui.element("h2"):
        ui.label(text)


def _share(one: Mapping[str, Any]) -> None:
    counts: Mapping[str, int] = one["counts"]
    errors = sum(many for ended, many in counts.items() if ended not in _FINE)
    figures = (sum(counts.values()), errors, counts.get("denied", 0))
    with ui.element("tr"):
        with ui.element("th").props("scope=row"):
            ui.label(one["name"])
        for figure in figures:
            with ui.element("td").classes("mono"):
                ui.label(f"{figure}")
        with ui.element("td").classes("mono"):
            ui.label(milliseconds(one["p95_ms"]))


def _failed_open(told: Sequence[Mapping[str, Any]]) -> None:
    """Logins that were let in although there was no verdict."""
    for one in told:
        if opened := one["counts"].get("failed_open", 0):
            text = f"{one['name']}: {opened} let in without a verdict (failed open)"
            ui.label(text).classes("problem")


def _frame() -> dict[str, Any]:
    axis = {
        "axisLabel": {"color": _TEXT, "hideOverlap": True},
        "axisLine": {"lineStyle": {"color": _LINE}},
    }
    return {
        "animation": False,
        "grid": {"left": 8, "right": 12, "top": 30, "bottom": 4, "containLabel": True},
        "tooltip": {"trigger": "axis", "confine": True},
        "legend": {"top": 0, "icon": "circle", "itemHeight": 8, "textStyle": {"color": _TEXT}},
        "xAxis": {"type": "time", "splitNumber": 4, **axis},
        "yAxis": {
            "type": "value",
            "minInterval": 1,
            "splitLine": {"lineStyle": {"color": _LINE}},
            **axis,
        },
        "series": [],
    }


def _ends(slices: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    there = {ended for one in slices for ended in one["counts"]}
    return [
        {
            "name": ended,
            "type": "bar",
            "stack": "all",
            "color": colour,
            "barMaxWidth": 14,
            "data": [[one["at"], one["counts"].get(ended, 0)] for one in slices],
        }
        for ended, colour in _COLOURS.items()
        if ended in there
    ]


def _times(slices: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "type": "line",
            "color": colour,
            "symbolSize": 4,
            "data": [[one["at"], one[member]] for one in slices],
        }
        for member, name, colour in _LINES
    ]


def _spoken(slices: Sequence[Mapping[str, Any]]) -> str:
    sums: dict[str, int] = {}
    for one in slices:
        for ended, many in one["counts"].items():
            sums[ended] = sums.get(ended, 0) + many
    return ", ".join(f"{many} {ended}" for ended, many in sums.items()) or "none"


def _update(chart: ui.echart, series: list[dict[str, Any]]) -> None:
    chart.options["series"] = series
    chart.update()
