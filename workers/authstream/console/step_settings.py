"""The settings of a step: when it runs, how long, what an error means, which version."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from nicegui import ui

if TYPE_CHECKING:
    from authstream.console.pages.flow import FlowPage

_ON_ERROR = {
    "fail": "The login fails",
    "skip": "The login goes on without this action",
}
_MS = 1000
_DEPLOYED = 0


class StepSettings:
    """A dialog over the flow; what is set becomes part of the draft."""

    def __init__(self, page: FlowPage) -> None:
        self._page = page

    def open(self, index: int) -> None:
        """Show the settings of a step."""
        step = self._page.draft.steps[index]
        with (
            self._page.dialogs,
            ui.dialog() as dialog,
            ui.card(),
            ui.element("div").classes("stack"),
        ):
            with ui.element("h2"):
                ui.label(step.action)
            when = ui.input("Runs when (CEL; empty: always)", value=step.when or "")
            when.props("outlined dense").classes("mono")
            said = ui.label().classes("hint").props("role=status")
            sample = json.dumps(self._page.trigger["sample"], indent=1)
            with ui.expansion("Try it on an event").props("dense"):
                event = ui.textarea(value=sample).props("outlined dense").classes("mono")
            when.on("blur", lambda: self._check(when.value or "", event.value or "", said))
            ui.button(
                "Check",
                on_click=lambda: self._check(when.value or "", event.value or "", said),
                color=None,
            ).classes("plain")
            seconds = ui.number(
                "Time-out in seconds", value=step.timeout_ms / _MS, min=0.1, max=20, step=0.5
            ).props("outlined dense")
            ui.label("When it fails or takes too long").classes("hint")
            on_error = ui.radio(_ON_ERROR, value=step.on_error)
            version = self._version(step.action, step.version)
            with ui.element("div").classes("row"):
                ui.element("div").classes("grow")
                ui.button("Cancel", on_click=dialog.close, color=None).props("flat")

                def save() -> None:
                    self._page.draft.change(
                        index,
                        when=(when.value or "").strip() or None,
                        timeout_ms=int((seconds.value or 10) * _MS),
                        on_error=on_error.value,
                        version=version.value,
                    )
                    dialog.close()
                    self._page.redraw()

                ui.button("Use these", on_click=save, color=None).classes("main")
        dialog.open()

    def _version(self, action: str, chosen: int) -> ui.select:
        """Filled in once the versions are known."""
        options: dict[int, str] = {chosen: f"version {chosen}" if chosen else "the deployed one"}
        select = ui.select(options, value=chosen, label="Version").props("outlined dense")

        async def fill() -> None:
            with self._page.visit.told():
                found = await self._page.visit.api.versions(action)
                named = {one["version"]: f"version {one['version']}" for one in reversed(found)}
                select.set_options({_DEPLOYED: "the deployed one", **named, **options})

        ui.timer(0, fill, once=True)
        return select

    async def _check(self, when: str, event: str, said: ui.label) -> None:
        if not when.strip():
            said.set_text("It runs for every login.")
            return
        try:
            members: Any = json.loads(event)
        except ValueError as error:
            said.set_text(f"The event is not JSON: {error}")
            return
        with self._page.visit.told():
            judged = await self._page.visit.api.check_condition(when, members)
            said.classes(remove="problem")
            if judged["problem"]:
                said.classes("problem").set_text(judged["problem"])
            else:
                runs = "runs" if judged["holds"] else "does not run"
                said.set_text(f"With this event it {runs}.")
