"""A test run: choose an event, change it, run, and see what a login with it would get."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from nicegui import ui

from authstream.console.code_editor import code_editor
from authstream.console.trial_result import show_result
from authstream.console.visit import Visit, problem

Bindings = Callable[[], Sequence[Mapping[str, Any]]]


class TrialPanel:
    """Event on top, result below."""

    def __init__(
        self,
        visit: Visit,
        trigger: Mapping[str, Any],
        *,
        bindings: Bindings,
        drafts: Sequence[str] = (),
        before: Callable[[], Awaitable[bool]] | None = None,
    ) -> None:
        """`before` is done first, e.g. saving what is tested; False: no run then."""
        self._visit = visit
        self._trigger = trigger
        self._bindings = bindings
        self._drafts = drafts
        self._before = before
        self._result: dict[str, Any] | None = None
        self._event: dict[str, Any] = {}

    def draw(self) -> None:
        """Everything."""
        with ui.element("div").classes("stack"):
            with ui.element("h2"):
                ui.label("Test")
            ui.label("The event of a login. Nothing is really sent.").classes("hint")
            with ui.element("div").classes("editor small"):
                sample = json.dumps(self._trigger["sample"], indent=2)
                self._editor = code_editor(sample, "JSON", "Event")
            with ui.element("div").classes("row"):
                self._button = ui.button("Run", icon="play_arrow", on_click=self.run, color=None)
                self._button.classes("main")
                self._spinner = ui.spinner(size="1.4em")
                self._spinner.set_visibility(False)
            self._shown()

    async def run(self) -> None:
        """One run with the event as it is now."""
        try:
            self._event = json.loads(self._editor.value)
        except ValueError as error:
            problem(f"The event is not JSON: {error}")
            return
        self._busy(on=True)
        try:
            with self._visit.told():
                if self._before is not None and not await self._before():
                    return
                self._result = await self._visit.api.test(
                    self._trigger["name"],
                    self._event,
                    bindings=self._bindings(),
                    drafts=self._drafts,
                )
                for one in self._result["effects"]:
                    one["preview"] = await self._visit.api.preview(one["kind"], one["payload"])
                self._shown.refresh()
        finally:
            self._busy(on=False)

    def _busy(self, *, on: bool) -> None:
        self._button.set_enabled(not on)
        self._spinner.set_visibility(on)

    @ui.refreshable_method
    def _shown(self) -> None:
        if self._result is not None:
            show_result(self._event, self._result)
