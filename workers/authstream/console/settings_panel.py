"""An action's settings: packages, hosts that it may call, configuration, limits."""

from __future__ import annotations

from nicegui import ui

from authstream.console.action_draft import ActionDraft

_MIB = 2**20
#: Shown in mebibytes.
_MEMORY = {"memory": "Memory in MiB", "temporary": "Temporary files in MiB"}
_COUNTS = {"guests": "Processes in one worker", "threads": "Threads", "descriptors": "Open files"}


class SettingsPanel:
    """Fields bound to the draft; saved with it."""

    def __init__(self, draft: ActionDraft, *, may_edit: bool) -> None:
        self._draft = draft
        self._may_edit = may_edit

    def draw(self) -> None:
        """All of it."""
        draft = self._draft
        with ui.element("div").classes("stack"):
            ui.label(f"Runs on {draft.runtime}").classes("hint")
            self._text("Hosts it may call, host:port, one a line", "egress")
            self._text("Packages, name: exact version, one a line", "dependencies")
            if draft.lock is None and draft.dependencies:
                ui.label("Not locked yet: authstream deps lock").classes("hint problem")
            self._text("Configuration, JSON", "configuration")
            for name, title in _MEMORY.items():
                self._number(name, title, unit=_MIB)
            for name, title in _COUNTS.items():
                self._number(name, title, unit=1)
            once = ui.switch("A process for each execution", value=draft.isolation == "execution")
            once.set_enabled(self._may_edit)
            once.on_value_change(
                lambda e: setattr(draft, "isolation", "execution" if e.value else "action")
            )

    def _text(self, title: str, name: str) -> None:
        area = ui.textarea(title, value=getattr(self._draft, name)).classes("mono")
        area.props("outlined dense autogrow").set_enabled(self._may_edit)
        area.on_value_change(lambda e: setattr(self._draft, name, e.value or ""))

    def _number(self, name: str, title: str, *, unit: int) -> None:
        number = ui.number(title, value=self._draft.limits[name] // unit, min=1, precision=0)
        number.props("outlined dense").set_enabled(self._may_edit)

        def changed() -> None:
            if number.value:
                self._draft.limits[name] = int(number.value) * unit

        number.on_value_change(changed)
