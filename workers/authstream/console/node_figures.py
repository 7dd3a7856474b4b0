"""How a flow and each of its actions did in the last hour, on the nodes of its picture."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from nicegui import ui

from authstream.console.visit import Visit
from authstream.console.wording import milliseconds

#: The node of the flow as a whole.
WHOLE = ""
#: Between two looks.
LOOK_SECONDS = 15.0


class NodeFigures:
    """A line for each node, which is there before anything is known: nothing moves later."""

    def __init__(self, visit: Visit, trigger: str) -> None:
        self._visit = visit
        self._trigger = trigger
        self._lines: dict[str, ui.element] = {}
        #: None: not asked yet, or nobody keeps an index.
        self._known: dict[str, Any] | None = None

    def draw(self, node: str) -> None:
        """The line of an action, or of the whole flow."""
        self._lines[node] = ui.element("div").classes("figures")
        self._fill(node)

    def forget(self) -> None:
        """The picture is drawn anew: its nodes come again."""
        self._lines.clear()

    async def load(self) -> None:
        """Look anew."""
        with self._visit.told():
            self._known = await self._visit.api.figures(self._trigger)
            for node in self._lines:
                self._fill(node)

    def _fill(self, node: str) -> None:
        line = self._lines[node]
        line.clear()
        if self._known is None:
            return
        found = self._known["flow"] if node == WHOLE else self._known["actions"].get(node)
        with line:
            for kind, text in facts(found, "logins" if node == WHOLE else "runs"):
                ui.label(text).classes(kind)


def facts(found: Mapping[str, Any] | None, what: str) -> Iterator[tuple[str, str]]:
    """Kind and text of each figure; the kind says only what the text says too."""
    if not found or not found["count"]:
        yield "", f"no {what} in the last hour"
        return
    count = found["count"]
    yield "", f"{count:,} {what}".replace(",", "\u202f")
    for name in ("p50", "p99"):
        yield "", f"{name} {milliseconds(found[f'{name}_ms'])}"
    yield "bad" if found["errors"] else "", f"{share(found['errors'], count)} errors"
    yield "warn" if found["denials"] else "", f"{share(found['denials'], count)} denied"


def share(part: int, whole: int) -> str:
    """A percentage that is not rounded to nothing or to all: `0%`, `<0.1%`, `0.4%`, `12%`."""
    percent = 100 * part / whole
    if 0 < percent < 0.1:  # noqa: PLR2004 - percent
        return "<0.1%"
    return f"{percent:.0f}%" if percent >= 10 else f"{percent:.1f}".removesuffix(".0") + "%"  # noqa: PLR2004 - percent
