"""Two texts side by side in a dialog; what differs has signs, not only colours."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from itertools import zip_longest

from nicegui import ui

_HUNK = re.compile(r"@@ -(\d+)(?:,\d+)? \+(\d+)")
#: Rows that are shown.
_MOST = 2000


@dataclass(frozen=True, slots=True)
class Side:
    """A line of one text, by its number."""

    number: int
    text: str
    #: It is not in the other text.
    differs: bool = False


#: What stands beside each other; between two parts of a text there is a row of nothing.
Row = tuple[Side | None, Side | None]


def diff_view(title: str, diff: str) -> None:
    """Show a unified diff until closed."""
    with (
        ui.dialog() as dialog,
        ui.card().style("width:min(80rem,96vw)"),
        ui.element("div").classes("stack"),
    ):
        with ui.element("h2"):
            ui.label(title)
        rows = list(side_by_side(diff))
        if rows:
            names = [line[4:].strip() for line in diff.splitlines()[:2]]
            ui.html(_table(names, rows[:_MOST]), sanitize=False).classes("scroll").props(
                'tabindex=0 role=region aria-label="Differences"'
            )
        else:
            ui.label("Nothing differs.")
        with ui.element("div").classes("row"):
            ui.element("div").classes("grow")
            ui.button("Close", on_click=dialog.close, color=None).props("flat")
    dialog.open()


def side_by_side(diff: str) -> Iterator[Row]:
    """The rows of a unified diff: what went and what came in its place share a row."""
    old = new = 0
    gone: list[Side] = []
    come: list[Side] = []
    for line in diff.splitlines()[2:]:
        hunk = _HUNK.match(line)
        if hunk or not line.startswith(("-", "+")):
            yield from zip_longest(gone, come)
            gone, come = [], []
        if hunk:
            if old:
                yield None, None
            old, new = int(hunk[1]), int(hunk[2])
        elif line.startswith("-"):
            gone.append(Side(old, line[1:], differs=True))
            old += 1
        elif line.startswith("+"):
            come.append(Side(new, line[1:], differs=True))
            new += 1
        elif line.startswith(" "):
            yield Side(old, line[1:]), Side(new, line[1:])
            old, new = old + 1, new + 1
    yield from zip_longest(gone, come)


def _table(names: list[str], rows: list[Row]) -> str:
    head = "".join(f'<th scope="col" colspan="2">{escape(name)}</th>' for name in names)
    body = "".join(_row(row) for row in rows)
    return f'<table class="sides"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def _row(row: Row) -> str:
    if row == (None, None):
        return '<tr class="gap"><td colspan="4">⋯</td></tr>'
    return f"<tr>{_cell(row[0], 'minus', '-')}{_cell(row[1], 'plus', '+')}</tr>"


def _cell(side: Side | None, kind: str, sign: str) -> str:
    if side is None:
        return '<td class="number"></td><td class="none"></td>'
    marked = f' class="{kind}"' if side.differs else ""
    before = f"{sign} " if side.differs else ""
    return f'<td class="number">{side.number}</td><td{marked}>{before}{escape(side.text)}</td>'
