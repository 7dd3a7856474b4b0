"""The console in a real browser: flows by mouse and keyboard, editor, tests, roles, conflicts."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ViewportSize, expect

from tests.browser import running_browser, serious
from tests.console_ground import (
    CODE,
    PATIENCE_MS,
    ConsoleGround,
    apply,
    console_ground,
    deploy,
    drag,
    expect_steps,
    own_cache,
    step,
    steps,
    write,
)
from tests.unit.test_execution_index import ran

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

WIDE: ViewportSize = {"width": 1280, "height": 860}
NARROW: ViewportSize = {"width": 390, "height": 844}
PICTURE: ViewportSize = {"width": 1180, "height": 720}
ROOT = Path(__file__).parents[2]
CLAIM = 'api.idToken.setCustomClaim("https://x.example/{0}", 1);'
FLOW = "/flows/post-login"
PAGES = (
    "/flows",
    FLOW,
    "/actions",
    "/new-action",
    "/actions/first",
    "/connections",
    "/effects",
    "/audit",
)
#: Pages of which one look says what they are.
PICTURED = ("/flows", "/actions", "/new-action", "/effects", "/audit")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for all tests of this module."""
    expect.set_options(timeout=PATIENCE_MS)
    with running_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleGround]:
    """A flow of three actions, and one that is only in the library."""
    with console_ground(own_cache(tmp_path_factory)) as ground:
        for name in ("first", "second", "third"):
            ground.action(name, CLAIM.format(name))
        ground.action("spare", CLAIM.format("spare"), bound=False)
        denied = ran("second", ms=4.0).model_copy(update={"status": "denied"})
        ground.ran(480, ran("first", ms=3.0), ran("second", ms=12.0), ran("third", ms=1.5))
        ground.ran(15, ran("first", ms=90.0), denied, outcome="denied")
        ground.ran(5, ran("first", ms=90.0, error="no answer"), outcome="failed")
        yield ground


def test_a_flow_is_put_in_order_by_mouse_and_keyboard(
    browser: Browser, ground: ConsoleGround
) -> None:
    """Dragged from the library, reordered by dragging, by buttons, by arrow keys; then removed."""
    with browser.new_context(viewport=WIDE) as context:
        page = ground.signed_in(context, "author", FLOW)
        expect(step(page, "third")).to_be_visible()
        drag(page, page.locator(".library-item", has_text="spare"), step(page, "first"))
        expect(page.locator(".step")).to_have_count(4)
        assert steps(page)[:2] in (["spare", "first"], ["first", "spare"])
        drag(page, step(page, "third").locator(".grip"), step(page, "first"))
        expect(page.get_by_text("2 unsaved changes")).to_be_visible()
        apply(page)
        assert ground.order() == steps(page)
        before = steps(page)
        step(page, before[1]).get_by_label(f"Move {before[1]} up").click()
        expect_steps(page, before[1], before[0], *before[2:])
        page.get_by_label(f"Move {before[1]}: arrow keys").press("ArrowDown")
        expect_steps(page, *before)
        expect(page.get_by_label(f"Move {before[1]}: arrow keys")).to_be_focused()
        page.keyboard.press("ArrowDown")
        expect_steps(page, before[0], before[2], before[1], before[3])
        step(page, "spare").get_by_label("Remove spare").click()
        expect(page.locator(".step")).to_have_count(3)
        apply(page)
        assert ground.order() == steps(page)
        assert "spare" not in ground.order()


def test_a_step_has_a_condition_a_time_out_and_a_switch(
    browser: Browser, ground: ConsoleGround
) -> None:
    """The condition is tried on an event; everything is applied as one revision."""
    with browser.new_context(viewport=WIDE) as context:
        page = ground.signed_in(context, "author", FLOW)
        step(page, "second").get_by_label("Settings of second").click()
        when = page.get_by_label("Runs when")
        when.fill("event.user.emial == 'x'")
        expect(page.get_by_text("guard optional members with has()")).to_be_visible()
        when.fill("event.user.email == 'ada@example.com'")
        expect(page.get_by_text("With this event it runs.")).to_be_visible()
        page.get_by_text("Try it on an event").click()
        page.get_by_label("Event", exact=True).fill('{"user": {"email": "bob@example.com"}}')
        expect(page.get_by_text("With this event it does not run.")).to_be_visible()
        page.get_by_label("Canary: another version for").click()
        page.get_by_role("option", name="version 1").click()
        page.get_by_label("Percent of the logins").fill("25")
        page.get_by_label("Time-out in seconds").fill("1.5")
        page.get_by_role("button", name="Use these").click()
        step(page, "third").get_by_label("third is switched on").click()
        expect(page.get_by_text("4 unsaved changes")).to_be_visible()
        page.get_by_role("button", name="Show").click()
        expect(page.get_by_text("second: version 1 for 25% of the logins")).to_be_visible()
        page.get_by_role("button", name="Close").click()
        before = _revision(ground)
        apply(page)
        assert _revision(ground) == before + 1
        expect(step(page, "second")).to_contain_text("at most 1.5 s")
        expect(step(page, "second")).to_contain_text("v1 for 25%")
        expect(step(page, "third")).to_contain_text("switched off")


def test_every_node_says_how_it_did(browser: Browser, ground: ConsoleGround) -> None:
    """Runs, p50, p99, errors and denials of the last hour; a new action has none yet."""
    with browser.new_context(viewport=WIDE) as context:
        page = ground.signed_in(context, "viewer", FLOW)
        figures = step(page, "first").locator(".figures")
        for text in ("500 runs", "p50 3 ms", "p99 90 ms", "1% errors", "0% denied"):
            expect(figures).to_contain_text(text)
        expect(step(page, "second").locator(".figures")).to_contain_text("3% denied")
        expect(page.locator(".canvas > .figures")).to_contain_text("500 logins")


def test_problems_are_told_while_one_writes(browser: Browser, ground: ConsoleGround) -> None:
    """Where they are, in words; api and event complete; a secret that is set is no problem more."""
    with browser.new_context(viewport=WIDE) as context:
        page = ground.signed_in(context, "author", "/actions/spare")
        problems = page.get_by_role("status", name="Problems")
        write(page, CODE.format('api.idToken.setCustomClam("a", event.secrets.CRM_KEY);'))
        expect(problems).to_contain_text("is it api.idToken.setCustomClaim?")
        expect(problems).to_contain_text("the action has no secret CRM_KEY")
        expect(page.locator(".cm-wrong").first).to_have_attribute(
            "title", re.compile("no api.idToken.setCustomClam")
        )
        write(page, CODE.format("const = 1;"))
        expect(problems).to_contain_text("Line 2")
        expect(problems).to_contain_text("Syntax")
        write(page, CODE.format(""))
        expect(problems).to_have_text("")
        code = page.get_by_label("Code").locator(".cm-content")
        code.press("Control+End")
        code.press_sequentially("api.idT")
        page.locator(".cm-tooltip-autocomplete").get_by_text("idToken").wait_for()
        code.press_sequentially("oken.set")
        page.locator(".cm-tooltip-autocomplete").get_by_text("setCustomClaim").click()
        expect(code).to_contain_text("api.idToken.setCustomClaim")


def test_packages_are_locked_from_the_editor(browser: Browser, ground: ConsoleGround) -> None:
    """The log says what was resolved; another version has to be locked again."""
    with browser.new_context(viewport=WIDE) as context:
        page = ground.signed_in(context, "author", "/actions/spare")
        page.get_by_role("tab", name="Settings").click()
        packages = page.get_by_label("Packages, name")
        packages.fill("uuid: 11.1.0")
        expect(page.get_by_text("Not locked yet.")).to_be_visible()
        page.get_by_role("button", name="Lock packages").click()
        expect(page.locator(".console-lines")).to_contain_text("uuid@11.1.0")
        expect(page.get_by_text("Locked.", exact=True)).to_be_visible()
        packages.fill("uuid: 11.0.0")
        expect(page.get_by_text("Changed since they were locked.")).to_be_visible()


def test_an_e_mail_is_seen_before_anybody_gets_it(browser: Browser, ground: ConsoleGround) -> None:
    """From its template: head, text, and HTML in a frame of its own."""
    with browser.new_context(viewport=WIDE) as context:
        page = ground.signed_in(context, "author", "/effects")
        page.get_by_role("button", name="Preview").click()
        mail = page.get_by_role("group", name="Preview")
        expect(mail).to_contain_text("Welcome, Ada")
        html = mail.frame_locator("iframe")
        expect(html.get_by_role("heading", name="Welcome, Ada")).to_be_visible()


def _revision(ground: ConsoleGround) -> int:
    return next(
        stored.record.revision
        for stored in ground.ada.view.of_kind("flow")
        if stored.key.name == "post-login"
    )


def test_two_browsers_in_conflict(browser: Browser, ground: ConsoleGround) -> None:
    """The slower one is told who was faster, and what it did; then it may go on with its own."""
    with browser.new_context(viewport=WIDE) as one, browser.new_context(viewport=WIDE) as two:
        slow, fast = (ground.signed_in(context, "author", FLOW) for context in (one, two))
        for page in (slow, fast):
            expect(page.locator(".step")).to_have_count(len(ground.order()))
        last, first = steps(slow)[-1], steps(slow)[0]
        step(slow, last).get_by_label(f"Remove {last}").click()
        step(fast, first).get_by_label(f"Remove {first}").click()
        apply(fast)
        slow.get_by_role("button", name="Apply").click()
        banner = slow.get_by_role("alert").filter(has_text="while you were editing")
        expect(banner).to_contain_text(f"{first} is taken out")
        assert last in ground.order()
        banner.get_by_role("button", name="Keep mine").click()
        apply(slow)
        assert (first in ground.order(), last in ground.order()) == (True, False)


def test_an_action_from_a_template_to_a_roll_back(browser: Browser, ground: ConsoleGround) -> None:
    """Made, tested with a preview of its tokens, deployed, broken, corrected by rolling back."""
    with browser.new_context(viewport=WIDE) as context:
        page = ground.signed_in(context, "author", "/new-action")
        page.get_by_label("Name", exact=True).fill("greeting")
        page.get_by_role("button", name="Create").click()
        page.wait_for_url(re.compile("/actions/greeting"))
        page.get_by_role("button", name="Run").click()
        result = page.get_by_role("region", name="Result")
        expect(result).to_contain_text("allowed")
        expect(result).to_contain_text("https://your-app.example.com/nickname")
        deploy(page, "first")
        expect(page.get_by_text("Version 1 is deployed")).to_be_visible()
        write(page, "exports.onExecutePostLogin = async (event, api) => {\n  null.x;\n};\n")
        page.get_by_role("button", name="Run").click()
        expect(result).to_contain_text("failed")
        expect(result).to_contain_text(re.compile(r"action\.js:2"))
        write(page, "exports.onExecutePostLogin = async (event, api) => {\n")
        deploy(page, "broken")
        problem = page.locator(".banner.bad")
        expect(problem).to_contain_text(re.compile("SyntaxError|Unexpected end"))
        write(page, "exports.onExecutePostLogin = async () => {};\n")
        deploy(page, "empty")
        expect(page.get_by_text("Version 2 is deployed")).to_be_visible()
        page.get_by_role("tab", name="Versions").click()
        page.get_by_role("button", name="Diff", exact=True).click()
        sides = page.get_by_role("region", name="Differences")
        expect(sides.locator(".minus").first).to_contain_text("-")
        expect(sides).to_contain_text("setCustomClaim")
        page.get_by_role("button", name="Close").last.click()
        page.get_by_role("button", name="Run version 1").click()
        expect(page.get_by_text("Version 1 runs from the next login on")).to_be_visible()


def test_a_secret_goes_in_and_never_comes_out(browser: Browser, ground: ConsoleGround) -> None:
    """Its value is in no page and no message to the browser; nor is the token."""
    with browser.new_context(viewport=WIDE) as context:
        heard: list[str] = []
        page = ground.signed_in(context, "author", "/actions/first")
        page.on(
            "websocket",
            lambda socket: socket.on("framereceived", lambda frame: heard.append(str(frame))),
        )
        page.reload()
        page.get_by_role("tab", name="Secrets").click()
        page.get_by_label("Name", exact=True).fill("CRM_TOKEN")
        page.get_by_label("Value").fill("very-secret-value")
        page.get_by_role("button", name="Set", exact=True).click()
        expect(page.get_by_text("•••••• set")).to_be_visible()
        page.reload()
        page.get_by_role("tab", name="Secrets").click()
        expect(page.get_by_text("•••••• set")).to_be_visible()
        assert heard
        assert "very-secret-value" not in page.content()
        assert not any(re.search(r"\bast_", one) for one in (*heard, page.content()))


def test_a_viewer_may_not_edit(browser: Browser, ground: ConsoleGround) -> None:
    """Everything is shown, nothing can be changed: not a button is there for it."""
    with browser.new_context(viewport=WIDE) as context:
        page = ground.signed_in(context, "viewer", FLOW)
        expect(page.get_by_text("You may look, not change")).to_be_visible()
        for label in ("Remove", "Settings of", "Move"):
            expect(page.get_by_label(re.compile(f"^{label}"))).to_have_count(0)
        page.goto(f"{ground.url}/actions/first")
        expect(page.get_by_text("You may look, not change")).to_be_visible()
        for name in ("Deploy", "Save draft", "Set"):
            expect(page.get_by_role("button", name=name, exact=True)).to_have_count(0)


def test_signing_out_ends_it(browser: Browser, ground: ConsoleGround) -> None:
    """The cookie that somebody may have kept is worth nothing."""
    with browser.new_context(viewport=WIDE) as context:
        page = ground.signed_in(context, "author", "/flows")
        kept = context.cookies()
        page.get_by_role("button", name="Sign out").click()
        page.wait_for_url(re.compile("/sign-in"))
        context.add_cookies(kept)  # type: ignore[arg-type]  # what it gave, it takes
        page.goto(f"{ground.url}/flows")
        expect(page.get_by_label("Token of the admin API")).to_be_visible()


def test_pages_can_be_used_by_everybody(browser: Browser, ground: ConsoleGround) -> None:
    """No serious finding of axe on any page, and nothing is wider than a phone."""
    with browser.new_context(viewport=NARROW, reduced_motion="reduce") as context:
        page = ground.signed_in(context, "author", "/flows")
        for path in PAGES:
            page.goto(f"{ground.url}{path}")
            page.wait_for_load_state("networkidle")
            width = page.evaluate("document.documentElement.scrollWidth")
            assert (path, width <= NARROW["width"]) == (path, True)
            assert (path, serious(page)) == (path, [])


def test_pages_can_be_read_in_the_dark(browser: Browser, ground: ConsoleGround) -> None:
    """Colours have contrast there too; the system's wish is followed, and may be turned round."""
    with browser.new_context(
        viewport=WIDE, color_scheme="dark", reduced_motion="reduce"
    ) as context:
        page = ground.signed_in(context, "author", FLOW)
        body = page.locator("body")
        for path in (FLOW, "/actions/first"):
            page.goto(f"{ground.url}{path}")
            page.wait_for_load_state("networkidle")
            expect(body).to_have_class(re.compile("body--dark"))
            assert (path, serious(page)) == (path, [])
        page.get_by_label("Light or dark").click()
        expect(body).not_to_have_class(re.compile("body--dark"))


def test_pictures_for_the_documentation(
    browser: Browser, ground: ConsoleGround, tmp_path: Path
) -> None:
    """What the documentation shows is there to be shown; AUTHSTREAM_PICTURES keeps it."""
    folder = Path(os.environ.get("AUTHSTREAM_PICTURES") or tmp_path)
    with browser.new_context(viewport=PICTURE, reduced_motion="reduce") as context:
        picture_of_sign_in(context, ground, folder)
        page = ground.signed_in(context, "author", FLOW)
        expect(page.locator(".terminal.end")).to_be_visible()
        step(page, steps(page)[0]).get_by_label(re.compile("^Move .* down$")).click()
        expect(page.get_by_text("1 unsaved change")).to_be_visible()
        page.mouse.move(0, 0)
        page.screenshot(path=folder / "flow.png")
        page.goto(f"{ground.url}/actions/first")
        page.get_by_role("button", name="Run").click()
        expect(page.get_by_role("region", name="Result")).to_contain_text("allowed")
        page.mouse.move(0, 0)
        page.screenshot(path=folder / "action.png")
        for path in PICTURED:
            page.goto(f"{ground.url}{path}")
            expect(page.locator("h1")).to_be_visible()
            page.wait_for_load_state("networkidle")
            page.screenshot(path=folder / f"{path[1:]}.png")
    made = {path.name for path in folder.glob("*.png")}
    assert made >= {"sign-in.png", "flow.png", "action.png", *(f"{p[1:]}.png" for p in PICTURED)}
    assert made <= shown_in_the_documentation()


def picture_of_sign_in(context: BrowserContext, ground: ConsoleGround, folder: Path) -> None:
    """Before anybody has signed in."""
    page = context.new_page()
    page.goto(ground.url)
    expect(page.get_by_label("Token of the admin API")).to_be_visible()
    page.screenshot(path=folder / "sign-in.png")


def shown_in_the_documentation() -> set[str]:
    """The pictures of the page about the console."""
    page = (ROOT / "docs" / "how-to" / "console.md").read_text()
    return set(re.findall(r"images/([\w.-]+)", page))
