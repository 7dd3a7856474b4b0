"""The console over all of Authstream on a real Kafka: what is dragged decides the next login."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from playwright.sync_api import Page, ViewportSize, expect

from authstream.apps.stages import triggers
from authstream.apps.up import free_port
from authstream.control.event_builder import build
from authstream.control.seal import new_key
from tests.acceptance.command_line import background, environment, run, wait_for
from tests.browser import running_browser
from tests.console_ground import (
    PATIENCE_MS,
    apply,
    console,
    deploy,
    drag,
    expect_steps,
    sign_in,
    step,
    steps,
    write,
)
from tests.gateway_ground import await_ready
from tests.kafka_server import KafkaServer

pytestmark = [pytest.mark.kafka, pytest.mark.browser, pytest.mark.timeout(120)]

WIDE: ViewportSize = {"width": 1280, "height": 860}
_READY_SECONDS = 40.0
#: From a change to the next login that has it.
_EFFECT_SECONDS = 20.0
SECRET = "a-secret-of-the-generic-hook"
HANDLER = "exports.onExecutePostLogin = async (event, api) => {{\n  {0}\n}};\n"


@dataclass(frozen=True, slots=True)
class Site:
    """A cluster with a worker, a gateway, an admin API and a console."""

    gateway: str
    console: str
    token: str

    def login(self, user: str) -> dict[str, Any]:
        """The verdict on a login through the gateway."""
        event = build(
            triggers()["post-login"], {"user": {"user_id": user}, "tenant": {"id": "default"}}
        )
        answer = httpx.post(
            f"{self.gateway}/v1/triggers/post-login",
            json=event,
            headers={"Authorization": f"Bearer {SECRET}", "Idempotency-Key": secrets.token_hex(8)},
            timeout=30,
        )
        found: dict[str, Any] = answer.json()
        print(answer.status_code, found)  # noqa: T201 - shown when the test fails
        return found

    def ran(self) -> list[str]:
        """The actions of one more login, in the order in which they ran."""
        return [one["action"] for one in self.login("ada").get("steps", ())]


@pytest.fixture
def site(kafka: KafkaServer, topic_prefix: str, tmp_path: Path) -> Iterator[Site]:
    """Up until the test ends."""
    ready, gateway, admin = tmp_path / "ready", free_port(0), free_port(0)
    env = environment(
        AUTHSTREAM_BROKERS=kafka.bootstrap,
        AUTHSTREAM_PREFIX=topic_prefix,
        AUTHSTREAM_PARTITIONS="1",
        AUTHSTREAM_READY_FILE=f"{ready}",
        AUTHSTREAM_SECRET_KEYS=new_key("k1").strip(),
    )
    (tmp_path / "connections").mkdir()
    (tmp_path / "connections" / "shop.yaml").write_text("provider: generic\n")
    (tmp_path / ".secrets.yaml").write_text(
        yaml.safe_dump({"connections/shop": {"current": SECRET}})
    )
    applied = run("topics", "apply", env=env)
    assert applied.status == 0, applied.err
    made = run("tokens", "create", "ada", "--role", "author", env=env)
    assert made.status == 0, made.err
    with ExitStack() as stack:
        for command in (
            ("worker",),
            ("gateway", "--folder", f"{tmp_path}", "--port", f"{gateway}"),
            ("admin", "--port", f"{admin}"),
        ):
            stack.enter_context(background(*command, folder=tmp_path, env=env))
        url = stack.enter_context(console(f"http://127.0.0.1:{admin}", env))
        wait_for(ready.exists, seconds=_READY_SECONDS, what="worker ready")
        await_ready(f"http://127.0.0.1:{gateway}")
        yield Site(f"http://127.0.0.1:{gateway}", url, made.out.split()[-1])


def test_what_is_dragged_decides_the_next_login(site: Site) -> None:
    """Two actions made, deployed, dragged into the flow, exchanged; one broken and rolled back."""
    expect.set_options(timeout=PATIENCE_MS)
    with running_browser() as browser, browser.new_context(viewport=WIDE) as context:
        page = sign_in(context, f"{site.console}/flows", site.token)
        for name in ("tier", "greet"):
            make(page, site, name)
        page.goto(f"{site.console}/flows/post-login")
        drag(page, page.locator(".library-item", has_text="tier"), page.locator(".steps"))
        expect_steps(page, "tier")
        drag(page, page.locator(".library-item", has_text="greet"), step(page, "tier"))
        expect(page.get_by_text("2 unsaved changes")).to_be_visible()
        apply(page)
        wanted = steps(page)
        wait_for(lambda: site.ran() == wanted, seconds=_EFFECT_SECONDS, what=f"{wanted} run")
        drag(page, step(page, wanted[1]).locator(".grip"), step(page, wanted[0]))
        expect(page.get_by_text("1 unsaved change")).to_be_visible()
        apply(page)
        other = steps(page)
        assert other == wanted[::-1]
        wait_for(lambda: site.ran() == other, seconds=_EFFECT_SECONDS, what=f"{other} run")
        compared(page, site)
        broken(page, site)
        page.goto(f"{site.console}/flows/post-login")
        figures = step(page, "greet").locator(".figures")
        expect(figures).to_contain_text(re.compile(r"[1-9][\d.]*% errors"))
        expect(figures).to_contain_text("p99")


def make(page: Page, site: Site, name: str) -> None:
    """An action from a template, tried and deployed."""
    page.goto(f"{site.console}/new-action")
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_role("button", name="Create").click()
    page.wait_for_url(re.compile(f"/actions/{name}"))
    page.get_by_role("button", name="Run").click()
    expect(page.get_by_role("region", name="Result")).to_contain_text("allowed")
    deploy(page, "first")
    expect(page.get_by_text("Version 1 is deployed")).to_be_visible()


def compared(page: Page, site: Site) -> None:
    """What a draft would do to logins that were there is seen before anybody meets it."""
    page.goto(f"{site.console}/actions/greet")
    write(page, HANDLER.format('api.access.deny("no");'))
    page.get_by_role("tab", name="Compare").click()
    page.get_by_role("button", name="Compare").click()
    found = page.get_by_role("region", name="Comparison")
    expect(found).to_contain_text("logins would be answered otherwise")
    expect(found).to_contain_text("denied now")
    expect(found).to_contain_text("outcome: allowed → denied")


def broken(page: Page, site: Site) -> None:
    """A login shows what a bad deploy does; a roll-back ends it."""
    page.goto(f"{site.console}/actions/greet")
    write(page, HANDLER.format("null.x;"))
    deploy(page, "breaks")
    expect(page.get_by_text("Version 2 is deployed")).to_be_visible()
    wait_for(
        lambda: site.login("eve").get("outcome") == "failed",
        seconds=_EFFECT_SECONDS,
        what="the broken version in effect",
    )
    page.get_by_role("tab", name="Versions").click()
    page.get_by_role("button", name="Run version 1").click()
    wait_for(
        lambda: site.login("ada").get("outcome") == "allowed",
        seconds=_EFFECT_SECONDS,
        what="the earlier version in effect",
    )
