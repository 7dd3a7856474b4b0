"""What recorded logins would be told otherwise: a flow or a draft beside what is in effect."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from nicegui import ui

from authstream.console.admin_api import AdminApiError
from authstream.console.frame import empty
from authstream.console.local_time import local_millis
from authstream.console.trial_result import section
from authstream.console.visit import Visit
from authstream.console.wording import milliseconds

_COUNTS = {20: "last 20 logins", 50: "last 50 logins", 200: "last 200 logins"}
_FIRST = 50
#: Kinds of change by what they say to people.
_KINDS = {
    "denied": "denied now",
    "allowed": "allowed now",
    "failed": "fail now",
    "suspended": "suspended now",
    "recovered": "no longer fail",
    "errors": "an action fails",
    "claims-lost": "claims lost",
    "claims-changed": "claims changed",
    "claims-added": "claims added",
    "metadata": "metadata",
    "effects": "effects",
    "other": "something else",
}
_GRAVE = frozenset({"denied", "allowed", "failed", "errors", "claims-lost"})


class ComparisonPanel:
    """A question, and what came of it."""

    def __init__(
        self,
        visit: Visit,
        trigger: str,
        *,
        bindings: Callable[[], Sequence[Mapping[str, Any]]] | None = None,
        drafts: Sequence[str] = (),
        before: Callable[[], Awaitable[bool]] | None = None,
    ) -> None:
        """Of the flow in effect, unless bindings are given; `before` as in a test run."""
        self._visit = visit
        self._trigger = trigger
        self._bindings = bindings
        self._drafts = drafts
        self._before = before
        self._found: dict[str, Any] | None = None
        self._problem = ""

    def draw(self) -> None:
        """Everything."""
        with ui.element("div").classes("stack"):
            with ui.element("h2"):
                ui.label("Compare")
            ui.label(
                "Recorded logins run through what is in effect and through this, both cut off from"
                " the network. Nothing is sent, and no value of a login is shown."
            ).classes("hint")
            with ui.element("div").classes("row"):
                self._count = ui.select(_COUNTS, value=_FIRST).props(
                    'outlined dense aria-label="Which logins"'
                )
                self._button = ui.button("Compare", icon="balance", color=None, on_click=self.run)
                self._button.classes("main")
                self._spinner = ui.spinner(size="1.4em")
                self._spinner.set_visibility(False)
            self._shown()

    async def run(self) -> None:
        """One comparison."""
        self._busy(on=True)
        try:
            with self._visit.told():
                if self._before is None or await self._before():
                    await self._ask()
                    self._shown.refresh()
        finally:
            self._busy(on=False)

    async def _ask(self) -> None:
        self._found, self._problem = None, ""
        try:
            self._found = await self._visit.api.compare(
                self._trigger,
                count=self._count.value or _FIRST,
                bindings=self._bindings() if self._bindings else None,
                drafts=self._drafts,
            )
        except AdminApiError as error:
            if error.signed_out:
                raise
            self._problem = str(error)

    def _busy(self, *, on: bool) -> None:
        self._button.set_enabled(not on)
        self._spinner.set_visibility(on)

    @ui.refreshable_method
    def _shown(self) -> None:
        with ui.element("div").classes("stack").props('role=region aria-label="Comparison"'):
            if self._problem:
                empty("history", "Nothing could be compared", self._problem)
            elif self._found is not None:
                self._summary(self._found)
                for one in self._found["logins"]:
                    self._login(one)

    def _summary(self, found: Mapping[str, Any]) -> None:
        changed, compared = found["changed"], found["compared"]
        with ui.element("div").classes("row"):
            ui.label(f"{changed} of {compared} logins would be answered otherwise").classes(
                "chip warn" if changed else "chip good"
            )
            for kind, count in found["counts"].items():
                if count:
                    grave = "bad" if kind in _GRAVE else "soft"
                    ui.label(f"{_KINDS[kind]}: {count}").classes(f"chip {grave}")
        before, after = found["latency"]["before"], found["latency"]["after"]
        ui.label(
            f"Actions took p50 {milliseconds(before['p50_ms'])} → {milliseconds(after['p50_ms'])},"
            f" p95 {milliseconds(before['p95_ms'])} → {milliseconds(after['p95_ms'])}."
        ).classes("hint")
        if compared + found["undecided"] < found["recorded"]:
            ui.label(f"Time was over after {compared} of {found['recorded']}.").classes("hint")
        if found["logins"]:
            section("Changed logins")

    def _login(self, one: Mapping[str, Any]) -> None:
        with ui.element("div"):
            with ui.element("div").classes("row hint"):
                target = self._visit.link(f"/executions/{one['flow_id']}")
                ui.link(one["flow_id"], target).classes("mono")
                local_millis(one["requested_at"])
            for change in one["changes"]:
                ui.label(change["place"]).classes("mono")
