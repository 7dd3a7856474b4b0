"""One action: its code, settings, secrets, versions, and a test run beside it."""

from __future__ import annotations

import asyncio
import contextlib
import re
from typing import Any

from nicegui import ui
from nicegui.events import ValueChangeEventArguments
from starlette.requests import Request

from authstream.console.action_draft import ActionDraft
from authstream.console.admin_api import AdminApiError
from authstream.console.api_list import api_list
from authstream.console.code_editor import Language, code_editor
from authstream.console.comparison_panel import ComparisonPanel
from authstream.console.completion import complete
from authstream.console.frame import failed, frame
from authstream.console.problem_marks import ProblemMarks
from authstream.console.secrets_panel import SecretsPanel
from authstream.console.settings_panel import SettingsPanel
from authstream.console.trial_panel import TrialPanel
from authstream.console.versions_panel import VersionsPanel
from authstream.console.visit import Visit, done, problem
from authstream.console.wording import flow_words

_LANGUAGES: dict[str, Language] = {".py": "Python", ".js": "JavaScript", ".ts": "TypeScript"}
_LINE = re.compile(r"(?:line |:)(\d+)")
#: After so long without a key, what is written is checked.
_STILL_SECONDS = 0.5


@ui.page("/actions/{name}")
async def action(request: Request, name: str) -> None:
    """The editor of an action."""
    visit = Visit.of(request)
    with frame(visit, name, here="/actions"):
        try:
            answer = await visit.api.action(name)
            triggers = {one["name"]: one for one in await visit.api.triggers()}
        except AdminApiError as error:
            failed(error)
            return
        draft = ActionDraft.of(answer.body, answer.revision or 0)
        ActionPage(visit, draft, triggers[draft.trigger]).draw()


class ActionPage:
    """The page of one action."""

    def __init__(self, visit: Visit, draft: ActionDraft, trigger: dict[str, Any]) -> None:
        self.visit = visit
        self.draft = draft
        self._trigger = trigger
        self._problems: list[str] = []
        self._log: list[str] = []
        #: Changes so far: a check that waits for the last of them sees whether it is.
        self._changes = 0

    def draw(self) -> None:
        """All of it."""
        #: Where dialogs are: what is drawn anew takes what is in it along.
        self._dialogs = ui.element("div").classes("dialogs")
        self._head()
        with ui.element("div").classes("editor-page"):
            with ui.element("div").classes("stack"):
                self._code()
                self._marks.draw()
                self._said()
            self._side()
        ui.timer(0, self._assist, once=True)

    # What is shown ------------------------------------------------------------------------------

    @ui.refreshable_method
    def _head(self) -> None:
        with ui.element("div").classes("page-head"):
            ui.link("Actions", self.visit.link("/actions")).classes("crumb")
            ui.icon("chevron_right").props("aria-hidden=true").classes("hint")
            with ui.element("h1"):
                ui.label(self.draft.name)
            ui.label(flow_words(self.draft.trigger).title).classes("chip")
            ui.label(self.draft.state).classes(
                "chip good" if self.draft.deployed and not self.draft.differs else "chip warn"
            )
            ui.element("div").classes("grow")
            if self.visit.may_edit:
                ui.button("Save draft", on_click=self.save, color=None).classes("plain")
                ui.button("Deploy", on_click=self._ask_deploy, color=None).classes("main")
            else:
                ui.label("You may look, not change").classes("chip warn")

    def _code(self) -> None:
        language = _LANGUAGES[self.draft.code_file[-3:]]
        with ui.element("div").classes("editor"):
            editor = code_editor(self.draft.code, language, "Code")
            editor.on_value_change(self._typed)
            editor.on("keydown.ctrl.s.prevent", self.save)
            editor.on("keydown.meta.s.prevent", self.save)
            if not self.visit.may_edit:
                editor.disable()
        self._marks = ProblemMarks(editor)
        self._editor = editor

    async def _typed(self, event: ValueChangeEventArguments[str]) -> None:
        self.draft.code = event.value
        await self.check()

    async def check(self) -> None:
        """Once nothing more is written: what is wrong with the draft, marked at its place."""
        self._changes += 1
        change = self._changes
        await asyncio.sleep(_STILL_SECONDS)
        if change != self._changes or not self.visit.may_edit:
            return
        try:
            body = self.draft.body()
        except ValueError:
            return  # it is said when it is saved
        with contextlib.suppress(AdminApiError):  # it is asked again with the next change
            found = await self.visit.api.check(self.draft.name, body)
            if change == self._changes:
                self._marks.show(found)

    async def _assist(self) -> None:
        """What completes, and a first look for problems."""
        with self.visit.told():
            spoken = "python" if self.draft.code_file.endswith(".py") else "javascript"
            found = await self.visit.api.completions(self.draft.trigger, spoken)
            complete(self._editor, [*found, *self.draft.own_members])
        await self.check()

    async def _secrets_changed(self) -> None:
        await self._assist()

    @ui.refreshable_method
    def _said(self) -> None:
        for text in self._problems:
            with ui.element("div").classes("banner bad").props("role=alert"):
                ui.icon("error").props("aria-hidden=true")
                ui.label(text).classes("grow")
        if self._log:
            ui.label("\n".join(self._log)).classes("console-lines")

    def _side(self) -> None:
        may = self.visit.may_edit
        with ui.element("div").classes("panel"):
            with ui.tabs().props("dense align=left no-caps outside-arrows mobile-arrows") as tabs:
                for name in ("Test", "Compare", "Settings", "Secrets", "Versions", "api"):
                    ui.tab(name)
            with ui.tab_panels(tabs, value="Test" if may else "Versions", animated=False):
                with ui.tab_panel("Test"):
                    self._test()
                with ui.tab_panel("Compare"):
                    ComparisonPanel(
                        self.visit,
                        self.draft.trigger,
                        drafts=[self.draft.name],
                        before=self.save,
                    ).draw()
                with ui.tab_panel("Settings"):
                    SettingsPanel(self.visit, self.draft, self).draw()
                with ui.tab_panel("Secrets"):
                    SecretsPanel(self.visit, self.draft, self._secrets_changed).draw()
                with ui.tab_panel("Versions"):
                    self._versions = VersionsPanel(self.visit, self.draft, self.reload)
                    self._versions.draw()
                with ui.tab_panel("api"):
                    api_list(self._trigger["methods"], python=self.draft.code_file.endswith(".py"))

    def _test(self) -> None:
        name = self.draft.name
        TrialPanel(
            self.visit,
            self._trigger,
            bindings=lambda: [{"action": name}],
            drafts=[name],
            before=self.save,
        ).draw()

    # What is done -------------------------------------------------------------------------------

    async def save(self) -> bool:
        """Save the draft where it differs from what is saved; False when it could not be."""
        if not self.draft.unsaved:
            return True
        try:
            body = self.draft.body()
        except ValueError as error:
            problem(str(error))
            return False
        with self.visit.told():
            answer = await self.visit.api.edit_action(
                self.draft.name, body, revision=self.draft.revision
            )
            self.draft.saved(answer.body, answer.revision or 0)
            self._head.refresh()
        return not self.draft.unsaved

    def _ask_deploy(self) -> None:
        with (
            self._dialogs,
            ui.dialog() as dialog,
            ui.card(),
            ui.element("div").classes("stack"),
        ):
            with ui.element("h2"):
                ui.label(f"Deploy {self.draft.name}")
            ui.label("It is built first; what does not build is not deployed.").classes("hint")
            note = ui.input("What changed").props("outlined dense autofocus")
            share = ui.number("Share of the logins in percent", value=100, min=1, max=100)
            share.props("outlined dense")

            async def deploy() -> None:
                dialog.close()
                percent = share.value or 100
                await self.deploy(note.value or "", None if percent >= 100 else percent / 100)  # noqa: PLR2004 - percent

            with ui.element("div").classes("row"):
                ui.element("div").classes("grow")
                ui.button("Cancel", on_click=dialog.close, color=None).props("flat")
                ui.button("Deploy now", on_click=deploy, color=None).classes("main")
        dialog.open()

    async def deploy(self, note: str, share: float | None) -> None:
        """Save, build, deploy; a build's error is shown with its line."""
        if not await self.save():
            return
        self._problems, self._log = [], ["building …"]
        self._said.refresh()
        try:
            deployed = await self.visit.api.deploy(self.draft.name, note=note, canary_share=share)
        except AdminApiError as error:
            self._problems, self._log = [str(error)], []
            self._mark(str(error))
        else:
            self._log = deployed["log"]
            done(f"Version {deployed['version']} is deployed")
            await self.reload()
        self._said.refresh()

    def _mark(self, text: str) -> None:
        """Mark the line that an error names."""
        if (line := _LINE.search(text)) is not None:
            place = {"line": int(line[1]), "column": 0, "length": 1}
            self._marks.show([{"kind": "build", **place, "text": text}])

    async def lock(self) -> None:
        """Save, and lock the packages; the log is shown, or why it could not be."""
        if not await self.save():
            return
        self._problems, self._log = [], ["locking …"]
        self._said.refresh()
        try:
            answer = await self.visit.api.lock(self.draft.name, revision=self.draft.revision)
        except AdminApiError as error:
            self._problems, self._log = [str(error)], []
        else:
            self._log = answer.members["log"]
            self.draft.locked(answer.members["lock"])
            self.draft.saved(answer.members, answer.revision or 0)
            done("The packages are locked")
            self._head.refresh()
        self._said.refresh()

    async def reload(self) -> None:
        """See what is deployed now."""
        with self.visit.told():
            answer = await self.visit.api.action(self.draft.name)
            self.draft.saved(answer.body, answer.revision or 0)
            await self._versions.load()
            self._head.refresh()
