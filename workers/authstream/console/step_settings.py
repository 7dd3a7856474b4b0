"""The settings of a step: when it runs, how long, what an error means, which versions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from nicegui import ui

from authstream.console.flow_draft import Step

if TYPE_CHECKING:
    from authstream.console.pages.flow import FlowPage

_ON_ERROR = {
    "fail": "The login fails",
    "skip": "The login goes on without this action",
}
_MS = 1000
_PERCENT = 100
_DEPLOYED = 0
_NO_CANARY = 0
#: The share that a new canary begins with.
_FIRST_SHARE = 0.1
#: After so long without a key, what is written is tried.
_STILL_MS = 300


class StepSettings:
    """A dialog over the flow; what is set becomes part of the draft."""

    def __init__(self, page: FlowPage) -> None:
        self._page = page
        #: The event on which conditions are tried: it stays from one step to the next.
        self._event = json.dumps(page.trigger["sample"], indent=1)

    def open(self, index: int) -> None:
        """Show the settings of a step."""
        step = self._page.draft.steps[index]
        self._page.dialogs.clear()  # the one before
        with (
            self._page.dialogs,
            ui.dialog() as dialog,
            ui.card(),
            ui.element("div").classes("stack"),
        ):
            with ui.element("h2"):
                ui.label(step.action)
            self._condition(step)
            self._seconds = ui.number(
                "Time-out in seconds", value=step.timeout_ms / _MS, min=0.1, max=20, step=0.5
            ).props("outlined dense")
            ui.label("When it fails or takes too long").classes("hint")
            self._on_error = ui.radio(_ON_ERROR, value=step.on_error)
            self._versions(step)
            with ui.element("div").classes("row"):
                ui.element("div").classes("grow")
                ui.button("Cancel", on_click=dialog.close, color=None).props("flat")

                def save() -> None:
                    self._page.draft.change(index, **self._chosen(step))
                    dialog.close()
                    self._page.redraw()

                ui.button("Use these", on_click=save, color=None).classes("main")
        dialog.open()

    def _chosen(self, step: Step) -> dict[str, Any]:
        return {
            "when": (self._when.value or "").strip() or None,
            "timeout_ms": int((self._seconds.value or 10) * _MS),
            "on_error": self._on_error.value,
            "version": self._version.value,
            "canary": self._canary(step),
        }

    def _canary(self, step: Step) -> dict[str, Any] | None:
        """What there was stays as it was, but for version and share."""
        if self._second.value == _NO_CANARY:
            return None
        share = (self._share.value or _PERCENT * _FIRST_SHARE) / _PERCENT
        return {**(step.canary or {}), "version": self._second.value, "share": share}

    # The condition ------------------------------------------------------------------------------

    def _condition(self, step: Step) -> None:
        """Tried on the event while it is written."""
        self._when = ui.input("Runs when (CEL; empty: always)", value=step.when or "")
        self._when.props(f"outlined dense debounce={_STILL_MS}").classes("mono")
        self._said = ui.label().classes("hint said").props("role=status")
        with ui.expansion("Try it on an event").props("dense"):
            event = ui.textarea(value=self._event).classes("mono")
            event.props(f'outlined dense debounce={_STILL_MS} aria-label="Event"')

        async def judge() -> None:
            self._event = event.value or ""
            await self._judge(self._when.value or "")

        self._when.on_value_change(judge)
        event.on_value_change(judge)
        ui.timer(0, judge, once=True)

    async def _judge(self, when: str) -> None:
        said = self._said.classes(remove="problem")
        if not when.strip():
            said.set_text("It runs for every login.")
            return
        try:
            event: Any = json.loads(self._event)
        except ValueError as error:
            said.classes("problem").set_text(f"The event is not JSON: {error}")
            return
        with self._page.visit.told():
            judged = await self._page.visit.api.check_condition(when, event)
            if judged["problem"]:
                said.classes("problem").set_text(judged["problem"])
            else:
                runs = "runs" if judged["holds"] else "does not run"
                said.set_text(f"With this event it {runs}.")

    # Versions -----------------------------------------------------------------------------------

    def _versions(self, step: Step) -> None:
        """Filled in once the versions are known."""
        share = step.canary["share"] if step.canary else _FIRST_SHARE
        known = {step.version: _named(step.version, "the deployed one")}
        self._version = ui.select(known, value=step.version, label="Version")
        second = step.canary["version"] if step.canary else _NO_CANARY
        others = {second: _named(second, "nobody")}
        with ui.element("div").classes("row"):
            self._second = ui.select(others, value=second, label="Canary: another version for")
            self._share = ui.number(
                "Percent of the logins", value=_PERCENT * share, min=0.1, max=_PERCENT
            )
            self._share.bind_visibility_from(self._second, "value", backward=bool)
        for field in (self._version, self._second, self._share):
            field.props("outlined dense")
        self._second.classes("grow")
        hint = ui.label("It is taken back by itself when too many of its runs fail.")
        hint.classes("hint").bind_visibility_from(self._second, "value", backward=bool)

        async def fill() -> None:
            with self._page.visit.told():
                found = await self._page.visit.api.versions(step.action)
                named = {one["version"]: _named(one["version"], "") for one in reversed(found)}
                self._version.set_options({**known, _DEPLOYED: "the deployed one", **named})
                self._second.set_options({**others, _NO_CANARY: "nobody", **named})

        ui.timer(0, fill, once=True)


def _named(version: int, without: str) -> str:
    return f"version {version}" if version else without
