"""A console process before an admin API on a control log in memory, with real guests for tests."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import httpx
import pytest
import uvicorn
from playwright.sync_api import BrowserContext, Locator, Page, expect

from authstream.apps.code_syntax import CodeSyntax
from authstream.apps.control import SandboxBuilder
from authstream.apps.executions import index_of
from authstream.apps.gateway import providers
from authstream.apps.package_locks import PackageLocks
from authstream.apps.stages import deliveries, triggers
from authstream.apps.trial import LocalTrial
from authstream.apps.up import free_port
from authstream.contracts.envelope import Run
from authstream.control.actions import Actions
from authstream.control.door import Door, Unchecked
from authstream.control.drafts import Draft
from authstream.control.flows import Flows
from authstream.control.objects import BoundAction, Role
from authstream.control.tokens import Tokens
from authstream.engine.ports import SystemClock
from authstream.executions.index import Index
from authstream.gateway.admin.app import admin_app
from authstream.gateway.admin.callers import Entrance
from authstream.settings import ExecutionSettings, Settings
from tests.confinement import open_to_others
from tests.control_plane import PL, RING, memory_store
from tests.samples import TOPICS
from tests.unit.test_execution_index import execution, record

READY_WITHIN = timedelta(seconds=90)
#: Longest wait for anything on a page, milliseconds.
PATIENCE_MS = 20_000
CODE = "exports.onExecutePostLogin = async (event, api) => {{\n  {0}\n}};\n"


@dataclass(frozen=True, slots=True)
class ConsoleGround:
    """What runs: where it is, and a door to its control log."""

    url: str
    ada: Door
    index: Index

    def ran(self, count: int, *runs: Run, **members: Any) -> None:
        """So many logins a moment ago, in which this ran."""
        now = SystemClock().now()
        made = [execution(f"flow-{time.monotonic_ns()}", *runs, **members) for _ in range(count)]
        offset = self.index.search.newest()
        self.index.add(
            record(TOPICS.executions, one, offset=offset + number, at=now)
            for number, one in enumerate(made)
        )

    def token(self, role: Role) -> str:
        """A new token."""
        return Tokens(self.ada).create(f"{role}-{time.monotonic_ns()}", role)

    def action(self, name: str, statement: str, *, bound: bool = True) -> None:
        """An action, deployed, at the end of the login flow."""
        actions = Actions(replace(self.ada, builder=Unchecked()), "default")
        actions.create(name, Draft(PL, "action.js", CODE.format(statement).encode()))
        actions.deploy(name)
        if bound:
            Flows(self.ada).add("default", PL, BoundAction(action=name, version=0))

    def order(self) -> list[str]:
        """The flow in effect."""
        return [one.action for one in Flows(self.ada).get("default", PL).bindings]

    def signed_in(self, context: BrowserContext, role: Role, path: str = "/") -> Page:
        """A page of somebody with a role."""
        return sign_in(context, f"{self.url}{path}", self.token(role))


#: Both lists take part in dragging, also when they were drawn anew a moment ago.
_DRAGGABLE = """
() => [...document.querySelectorAll(".steps, .library-list")].every(
  (list) => Object.keys(list).some((name) => name.startsWith("Sortable")))
"""


def sign_in(context: BrowserContext, url: str, token: str) -> Page:
    """A page of the console, by way of the form."""
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.goto(url)
    page.get_by_label("Token of the admin API").fill(token)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(url)
    return page


def drag(page: Page, what: Locator, to: Locator) -> None:
    """To the upper edge of another element as a hand does it: down, along, up."""
    page.wait_for_function(_DRAGGABLE)
    what.hover()
    page.mouse.down()
    box = to.bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] * 0.15
    page.mouse.move(x, y + 12, steps=8)
    page.mouse.move(x, y, steps=8)
    page.mouse.up()


def step(page: Page, name: str) -> Locator:
    """The card of an action in a flow."""
    return page.locator(f'.step[data-action="{name}"]')


def steps(page: Page) -> list[str]:
    """The actions in the picture of a flow, in order."""
    cards = page.locator(".step")
    return [cards.nth(n).get_attribute("data-action") or "" for n in range(cards.count())]


def expect_steps(page: Page, *names: str) -> None:
    """Until the picture shows these, in this order."""
    expect(page.locator(".step")).to_have_count(len(names))
    for index, name in enumerate(names):
        expect(page.locator(".step").nth(index)).to_have_attribute("data-action", name)


def apply(page: Page) -> None:
    """Put a flow into effect."""
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_text("In effect from the next login on").first).to_be_visible()
    expect(page.get_by_role("button", name="Apply")).to_be_hidden()


def write(page: Page, code: str) -> None:
    """Replace the code in the editor."""
    page.get_by_label("Code").locator(".cm-content").fill(code)


def deploy(page: Page, note: str) -> None:
    """Deploy the draft for everybody."""
    page.get_by_role("button", name="Deploy", exact=True).click()
    page.get_by_label("What changed").fill(note)
    page.get_by_role("button", name="Deploy now").click()


@contextmanager
def served(app: object) -> Generator[str]:
    """An ASGI application on a port of loopback; its address."""
    port = free_port(0)
    config = uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None)  # type: ignore[arg-type]  # any ASGI application
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


def own_cache(folders: pytest.TempPathFactory) -> Path:
    """A folder for the code of actions, which guests may enter."""
    folder = folders.mktemp("cache")
    return open_to_others(folder)


@contextmanager
def console_ground(cache: Path, **environment: str) -> Generator[ConsoleGround]:
    """Up until left."""
    settings = Settings(executions=ExecutionSettings(index=f"{cache / 'executions.sqlite'}"))
    with (
        memory_store() as store,
        index_of(settings) as index,
        mock.patch.dict(os.environ, {"XDG_CACHE_HOME": f"{cache}"}),
    ):
        ada = Door(store, "ada", triggers(), keyring=RING, builder=SandboxBuilder(settings))
        entrance = Entrance(
            ada,
            executions=index.search,
            trial=LocalTrial(settings),
            syntax=CodeSyntax(),
            lock=PackageLocks(),
            deliveries=deliveries(),
            providers=providers(),
        )
        with served(admin_app(entrance)) as admin, console(admin, environment) as url:
            yield ConsoleGround(url, ada, index)


@contextmanager
def console(admin: str, environment: dict[str, str]) -> Generator[str]:
    """A console process before an admin API; its address."""
    port = free_port(0)
    command = (sys.executable, "-m", "authstream.cli", "console", "--port", f"{port}")
    process = subprocess.Popen((*command, "--admin-url", admin), env={**os.environ, **environment})
    url = f"http://127.0.0.1:{port}"
    try:
        _await(url, process)
        yield url
    finally:
        process.terminate()
        process.wait(READY_WITHIN.total_seconds())


def _await(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + READY_WITHIN.total_seconds()
    with httpx.Client() as client:
        while not _answers(client, url):
            assert process.poll() is None, "the console ended"
            assert time.monotonic() < deadline, f"no console at {url}"
            time.sleep(0.1)


def _answers(client: httpx.Client, url: str) -> bool:
    try:
        return client.get(f"{url}/healthz").is_success
    except httpx.TransportError:
        return False
