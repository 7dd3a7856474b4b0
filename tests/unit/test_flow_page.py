"""A page that looks what others do, while its own change is on the way."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any
from unittest import mock

import pytest

from authstream.console.admin_api import Answer
from authstream.console.flow_draft import FlowDraft
from authstream.console.pages import flow
from authstream.console.pages.flow import FlowPage


class SlowApi:
    """Its answers are what was true when asked, and arrive when told."""

    def __init__(self) -> None:
        self.bindings: list[dict[str, Any]] = [{"action": "first"}, {"action": "second"}]
        self.revision = 1
        self.asked = asyncio.Event()
        self.answer = asyncio.Event()

    async def flow(self, _trigger: str) -> Answer:
        """As it is now, later."""
        found = Answer({"bindings": list(self.bindings), "changed_by": "ada"}, self.revision)
        self.asked.set()
        await self.answer.wait()
        return found

    async def set_flow(
        self, _trigger: str, bindings: list[dict[str, Any]], *, revision: int
    ) -> Answer:
        """At once."""
        assert revision == self.revision
        self.bindings, self.revision = bindings, revision + 1
        return Answer({"bindings": bindings, "changed_by": "me"}, self.revision)


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> FlowPage:
    """Not drawn: without a browser there is nothing to draw in."""
    monkeypatch.setattr(FlowPage, "redraw", mock.Mock())
    monkeypatch.setattr(flow, "done", mock.Mock())
    visit: Any = SimpleNamespace(api=SlowApi(), told=nullcontext)
    page = FlowPage(visit, {"name": "post-login", "sample": {}}, [])
    page.draft = FlowDraft.of(visit.api.bindings, 1)
    return page


async def test_an_answer_from_before_an_own_change_does_not_undo_it(page: FlowPage) -> None:
    """It was asked before, and arrives after: what was applied stays in the picture."""
    api: Any = page.visit.api
    looking = asyncio.ensure_future(page.look())
    await api.asked.wait()
    page.draft.remove(0)
    applying = asyncio.ensure_future(page.apply())
    await asyncio.sleep(0)
    api.answer.set()
    await asyncio.gather(looking, applying)
    assert [step.action for step in page.draft.steps] == ["second"]
    assert (page.draft.revision, page.draft.dirty) == (2, False)


async def test_clicked_twice_is_applied_once(page: FlowPage) -> None:
    """The second click finds nothing left to apply."""
    page.draft.remove(0)
    await asyncio.gather(page.apply(), page.apply())
    assert page.draft.revision == 2
