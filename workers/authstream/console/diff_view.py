"""A unified diff in a dialog, its lines in colours that also have signs."""

from __future__ import annotations

from nicegui import ui

_KINDS = {"+": "plus", "-": "minus", "@": "at"}


def diff_view(title: str, diff: str) -> None:
    """Show it until closed."""
    with (
        ui.dialog() as dialog,
        ui.card().style("width:min(60rem,96vw)"),
        ui.element("div").classes("stack"),
    ):
        with ui.element("h2"):
            ui.label(title)
        with ui.element("div").classes("diff").props("tabindex=0"):
            for line in diff.splitlines() or ["Nothing differs."]:
                ui.label(line).classes(_KINDS.get(line[:1], ""))
        with ui.element("div").classes("row"):
            ui.element("div").classes("grow")
            ui.button("Close", on_click=dialog.close, color=None).props("flat")
    dialog.open()
