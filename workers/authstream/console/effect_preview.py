"""How an effect looks to its reader: an e-mail with its head, its text and its HTML."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nicegui import ui

_HEAD = ("from", "to", "subject")


def show_preview(preview: Mapping[str, Any]) -> None:
    """What the admin API gives; nothing for a kind whose payload says it all."""
    if preview["problem"]:
        ui.label(preview["problem"]).classes("problem").props("role=status")
    parts = preview["parts"]
    if not parts:
        return
    with ui.element("div").classes("mail").props('role=group aria-label="Preview"'):
        for name in _HEAD:
            with ui.element("div").classes("row tight"):
                ui.label(name.capitalize()).classes("hint")
                ui.label(parts[name]).classes("step-name" if name == "subject" else "")
        if parts.get("html"):
            _html(parts["html"])
        ui.label(parts["text"]).classes("pre")


def _html(text: str) -> None:
    """In a frame that runs no script, sends nothing and loads nothing from elsewhere."""
    frame = ui.element("iframe").props('sandbox title="The e-mail as HTML"')
    frame.props["srcdoc"] = text
