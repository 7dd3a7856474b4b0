"""A console process before an admin API on a control log in memory, with real guests for tests."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import httpx
import uvicorn
from playwright.sync_api import BrowserContext, Page

from authstream.apps.control import SandboxBuilder
from authstream.apps.stages import deliveries, triggers
from authstream.apps.trial import LocalTrial
from authstream.apps.up import free_port
from authstream.control.actions import Actions
from authstream.control.door import Door
from authstream.control.drafts import Draft
from authstream.control.flows import Flows
from authstream.control.objects import BoundAction, Role
from authstream.control.tokens import Tokens
from authstream.gateway.admin.app import admin_app
from authstream.gateway.admin.callers import Entrance
from authstream.settings import Settings
from tests.control_plane import PL, RING, memory_store

READY_WITHIN = timedelta(seconds=30)
#: Longest wait for anything on a page, milliseconds.
PATIENCE_MS = 10_000
CODE = "exports.onExecutePostLogin = async (event, api) => {{\n  {0}\n}};\n"


@dataclass(frozen=True, slots=True)
class ConsoleGround:
    """What runs: where it is, and a door to its control log."""

    url: str
    ada: Door

    def token(self, role: Role) -> str:
        """A new token."""
        return Tokens(self.ada).create(f"{role}-{time.monotonic_ns()}", role)

    def action(self, name: str, statement: str, *, bound: bool = True) -> None:
        """An action, deployed, at the end of the login flow."""
        Actions(self.ada, "default").create(
            name, Draft(PL, "action.js", CODE.format(statement).encode())
        )
        Actions(self.ada, "default").deploy(name)
        if bound:
            Flows(self.ada).add("default", PL, BoundAction(action=name, version=0))

    def order(self) -> list[str]:
        """The flow in effect."""
        return [one.action for one in Flows(self.ada).get("default", PL).bindings]

    def signed_in(self, context: BrowserContext, role: Role, path: str = "/") -> Page:
        """A page of somebody with a role."""
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        page.goto(f"{self.url}{path}")
        page.get_by_label("Token of the admin API").fill(self.token(role))
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(f"{self.url}{path}")
        return page


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


@contextmanager
def console_ground(**environment: str) -> Generator[ConsoleGround]:
    """Up until left."""
    settings = Settings()
    with memory_store() as store:
        ada = Door(store, "ada", triggers(), keyring=RING, builder=SandboxBuilder(settings))
        entrance = Entrance(ada, None, LocalTrial(settings), deliveries())
        with served(admin_app(entrance)) as admin, console(admin, environment) as url:
            yield ConsoleGround(url, ada)


@contextmanager
def console(admin: str, environment: dict[str, str]) -> Generator[str]:
    """A console process before an admin API; its address."""
    port = free_port(0)
    command = (sys.executable, "-m", "authstream.cli", "console", "--port", f"{port}")
    process = subprocess.Popen(
        (*command, "--admin-url", admin), env={**os.environ, **environment}
    )
    url = f"http://127.0.0.1:{port}"
    try:
        _await(url, process)
        yield url
    finally:
        process.terminate()
        process.wait(READY_WITHIN.total_seconds())


def _await(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + READY_WITHIN.total_seconds()
    while True:
        try:
            if httpx.get(f"{url}/healthz").is_success:
                return
        except httpx.TransportError:
            pass
        assert process.poll() is None, "the console ended"
        assert time.monotonic() < deadline, f"no console at {url}"
        time.sleep(0.05)
