"""What an action of a trigger may ask for: the methods of `api`, to be found while writing."""

from __future__ import annotations

from collections.abc import Sequence

from nicegui import ui

from authstream.contracts.api import python_path


def api_list(methods: Sequence[str], *, python: bool) -> None:
    """All of them, in the spelling of the action's language."""
    names = [python_path(name) if python else name for name in methods]
    with ui.element("div").classes("stack"):
        search = ui.input(placeholder="Search").props('outlined dense aria-label="Search api"')
        with ui.element("div").classes("pre"):
            labels = [ui.label(f"api.{name}") for name in names]

    def seek() -> None:
        for label in labels:
            label.set_visibility((search.value or "").lower() in label.text.lower())

    search.on_value_change(seek)
