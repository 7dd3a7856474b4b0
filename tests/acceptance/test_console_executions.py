"""Executions in a real browser: logins of a running system as they come, looked at, set aside."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from playwright.sync_api import Browser, Locator, Page, ViewportSize, expect

from authstream.apps.up import Up, free_port
from authstream.contracts import headers as h
from authstream.engine.ports import Output
from tests import kafka_log
from tests.browser import running_browser, serious
from tests.console_ground import PATIENCE_MS, own_cache
from tests.gateway_ground import await_ready
from tests.samples import TOPICS, event

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

NARROW: ViewportSize = {"width": 390, "height": 844}
PICTURE: ViewportSize = {"width": 1180, "height": 820}
SECRET = "a-secret-of-the-shop-in-tests"
ACTIONS = {
    "risk": """
def on_execute_post_login(event, api):
    print("looked at", event.user.user_id)
    if event.user.user_id == "mallory":
        api.access.deny("embargoed country")
""",
    "claims": """
def on_execute_post_login(event, api):
    api.id_token.set_custom_claim("https://shop.example.com/tier", "gold")
    api.id_token.set_custom_claim("sub", "somebody-else")
""",
}


@dataclass(frozen=True, slots=True)
class Site:
    """What runs."""

    brokers: str
    gateway: str
    console: str

    def login(self, user: str) -> dict[str, Any]:
        """The verdict on a login through the gateway."""
        answer = httpx.post(
            f"{self.gateway}/v1/triggers/post-login",
            json=event(user={"user_id": user, "email": f"{user}@example.com"}),
            headers={"Authorization": f"Bearer {SECRET}", "Idempotency-Key": secrets.token_hex(8)},
            timeout=PATIENCE_MS / 1000,
        )
        assert answer.is_success, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def publish(self, body: bytes) -> None:
        """Bytes in place of an event, as a provider on Kafka may write them."""
        headers = h.make({h.CE_ID: secrets.token_hex(8), h.CE_SOURCE: "elsewhere"})
        output = Output(TOPICS.requested("post-login"), b"k", body, headers)
        kafka_log.publish(self.brokers, [output])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """All of Authstream for a folder, as `authstream up` starts it."""
    root = tmp_path_factory.mktemp("shop")
    for name, code in ACTIONS.items():
        home = root / "actions" / name
        home.mkdir(parents=True)
        (home / "action.yaml").write_text("trigger: post-login\n")
        (home / "action.py").write_text(code)
    for folder, name, said in (
        (
            "flows",
            "post-login",
            {"trigger": "post-login", "actions": [{"action": n} for n in ACTIONS]},
        ),
        ("connections", "shop", {"provider": "generic"}),
    ):
        (root / folder).mkdir()
        (root / folder / f"{name}.yaml").write_text(yaml.safe_dump(said))
    (root / ".secrets.yaml").write_text(yaml.safe_dump({"connections/shop": {"current": SECRET}}))
    gateway, console = free_port(0), free_port(0)
    environment = {"XDG_CACHE_HOME": f"{own_cache(tmp_path_factory)}"}
    with Up(root, environment=environment, gateway_port=gateway, console_port=console) as up:
        up.wait_ready()
        made = Site(up.brokers, f"http://127.0.0.1:{gateway}", f"http://127.0.0.1:{console}")
        await_ready(made.gateway)
        made.login("ada")
        made.login("mallory")
        yield made


@pytest.fixture(scope="module")
def browser(site: Site) -> Iterator[Browser]:  # noqa: ARG001 - before a loop runs in this thread
    """One for all tests of this module, once the site is there."""
    expect.set_options(timeout=PATIENCE_MS)
    with running_browser() as browser:
        yield browser


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """One tab."""
    with browser.new_context(viewport=PICTURE, reduced_motion="reduce") as context:
        context.set_default_timeout(PATIENCE_MS)
        yield context.new_page()


def rows(page: Page) -> Locator:
    """The rows of the list."""
    return page.locator(".executions tbody tr")


def test_a_login_appears_by_itself(page: Page, site: Site) -> None:
    """In the open list, without a reload, above those before it."""
    page.goto(f"{site.console}/executions")
    expect(rows(page).filter(has_text="mallory")).to_contain_text("embargoed country")
    page.evaluate("window.notReloaded = true")
    site.login("grace")
    expect(rows(page).first).to_contain_text("grace")
    assert page.evaluate("window.notReloaded")
    charts = page.get_by_role("img", name=re.compile("executions: "))
    expect(charts).to_have_attribute("aria-label", re.compile(r"\d+ allowed"))


def test_a_list_is_narrowed(page: Page, site: Site) -> None:
    """By outcome, and by words that an action logged."""
    page.goto(f"{site.console}/executions")
    expect(rows(page).filter(has_text="ada")).to_have_count(1)
    page.get_by_role("combobox", name="Outcome").click()
    page.get_by_role("option", name="denied").click()
    expect(rows(page)).to_have_count(1)
    expect(rows(page)).to_contain_text("mallory")
    page.get_by_label("Text in logs and reasons").fill("looked at nobody")
    expect(page.get_by_text("No execution matches this filter")).to_be_visible()


def test_an_execution_tells_all_and_is_run_again(page: Page, site: Site) -> None:
    """Runs, logs, commands, what was dropped, the answer; then its event in a test run."""
    page.goto(f"{site.console}/executions")
    rows(page).filter(has_text="ada").get_by_role("link").click()
    content = page.locator("#content")
    for text in (
        "looked at ada",
        'idToken.setCustomClaim("https://shop.example.com/tier", "gold")',
        "the claim name 'sub' is restricted",
        "generic was told allowed, HTTP 200",
        "2 actions let it pass",
    ):
        expect(content).to_contain_text(text)
    page.get_by_role("button", name="Replay in a test run").click()
    expect(page.get_by_role("textbox", name="Event")).to_contain_text('"user_id": "ada"')
    page.get_by_role("button", name="Run").click()
    result = page.get_by_role("region", name="Result")
    expect(result).to_contain_text("allowed")
    expect(result).to_contain_text("looked at ada")


def look_until_there_is_one(page: Page) -> None:
    """A letter that is on its way to the list; a test's own time limit bounds it."""
    while not rows(page).count():
        page.get_by_role("button", name="Look again").click()
        page.wait_for_timeout(100)


def test_a_dead_letter_is_looked_at_replayed_and_dropped(page: Page, site: Site) -> None:
    """With its reason and its record; a login comes again as a new flow, with the same fate."""
    site.publish(b'{"user": {"user_id": "eve"}}')
    page.goto(f"{site.console}/dead-letters")
    look_until_there_is_one(page)
    expect(rows(page)).to_contain_text("invalid_event")
    page.get_by_role("button", name="Look at").click()
    expect(page.get_by_role("dialog")).to_contain_text('"user_id": "eve"')
    page.get_by_role("button", name="Close").click()
    page.get_by_role("checkbox").first.click()
    page.get_by_role("button", name="Replay").click()
    page.get_by_role("button", name="Replay now").click()
    expect(page.get_by_text("1 letter published again")).to_be_visible()
    look_until_there_is_one(page)
    page.get_by_role("checkbox").first.click()
    page.get_by_role("button", name="Drop").click()
    page.get_by_role("button", name="Drop now").click()
    expect(page.get_by_text("Nothing was set aside in this time")).to_be_visible()
    page.get_by_role("switch", name="Also those settled").click()
    expect(rows(page).filter(has_text="replayed")).to_have_count(1)
    expect(rows(page).filter(has_text="dropped")).to_have_count(1)


def test_a_connection_shows_its_last_call(page: Page, site: Site) -> None:
    """When it was, and what its provider was told."""
    page.goto(f"{site.console}/connections")
    called = page.get_by_role("row").filter(has_text="shop")
    expect(called).to_contain_text("HTTP 200")
    expect(called).to_contain_text(re.compile(r"\d+ allowed"))
    expect(called.locator("time")).to_have_attribute("title", re.compile("Z$"))


def test_these_pages_can_be_used_by_everybody(browser: Browser, site: Site) -> None:
    """No serious finding of axe, and nothing is wider than a phone."""
    flow_id = site.login("ada")["flow_id"]
    with browser.new_context(viewport=NARROW, reduced_motion="reduce") as context:
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        for path in ("/executions", f"/executions/{flow_id}", "/dead-letters"):
            page.goto(f"{site.console}{path}")
            expect(page.locator("h1")).to_be_visible()
            page.wait_for_load_state("networkidle")
            width = page.evaluate("document.documentElement.scrollWidth")
            assert (path, width <= NARROW["width"]) == (path, True)
            assert (path, serious(page)) == (path, [])


def test_pictures_of_executions_for_the_documentation(
    page: Page, site: Site, tmp_path: Path
) -> None:
    """What the documentation shows is there to be shown; AUTHSTREAM_PICTURES keeps it."""
    folder = Path(os.environ.get("AUTHSTREAM_PICTURES") or tmp_path)
    for user in ("grace", "mallory", "edsger", "barbara", "mallory", "ada"):
        site.login(user)
    page.goto(f"{site.console}/executions")
    expect(rows(page).first).to_contain_text("ada")
    expect(page.locator(".chart svg").first).to_be_visible()
    page.screenshot(path=folder / "executions.png")
    rows(page).filter(has_text="ada").first.get_by_role("link").click()
    expect(page.get_by_text("What happened")).to_be_visible()
    page.screenshot(path=folder / "execution.png")
    page.goto(f"{site.console}/connections")
    expect(page.get_by_role("row").filter(has_text="shop")).to_contain_text("HTTP 200")
    page.screenshot(path=folder / "connections.png")
    site.publish(b'{"user": {"user_id": "eve"}}')
    page.goto(f"{site.console}/dead-letters")
    look_until_there_is_one(page)
    page.screenshot(path=folder / "dead-letters.png")
    names = {"executions.png", "execution.png", "connections.png", "dead-letters.png"}
    assert {path.name for path in folder.glob("*.png")} >= names
