"""The pytest plugin: fixtures that run whole flows, and failures that say what happened."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from tests.acceptance.command_line import run_here

pytest_plugins = ["pytester"]

REPOSITORY = Path(__file__).parents[2]
TUTORIAL = REPOSITORY / "docs/tutorial-testing.md"
#: A file's name on a line of its own, then its content.
NAMED_FILE = re.compile(r"^`([\w./-]+)`\n\n```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PLUGIN = ("-p", "authstream.testing", "-p", "no:cacheprovider", "-p", "no:asyncio")
PACKAGES = Path(pytest.__file__).parents[1]
ACTION = """
import json
import urllib.request

SEEN = []


def on_execute_post_login(event, api):
    SEEN.append(event.user.user_id)
    print(f"{len(SEEN)} so far")
    if event.configuration.get("closed"):
        api.access.deny("closed today")
        return
    address = event.secrets.CRM_URL
    if address:
        body = json.dumps({"email": event.user.email}).encode()
        request = urllib.request.Request(f"{address}/customers?limit=1", data=body)
        with urllib.request.urlopen(request) as answer:
            api.id_token.set_custom_claim("https://example.com/tier", json.load(answer)["tier"])
    api.user.set_app_metadata("seen", True)
    api.effects.send("log", {"message": "hello"})
"""


@pytest.fixture
def project(pytester: pytest.Pytester) -> Path:
    """A project that has only actions and flows."""
    for path, text in {
        "actions/crm/action.yaml": "trigger: post-login\nsecrets: [CRM_URL]\n",
        "actions/crm/action.py": ACTION,
        "flows/post-login.yaml": "trigger: post-login\nactions: [{action: crm}]\n",
    }.items():
        file = pytester.path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return pytester.path


def passes(pytester: pytest.Pytester, code: str, *, passed: int) -> None:
    """Run a test module in a process of its own; everything in it passes."""
    pytester.makepyfile(code)
    result = pytester.runpytest_subprocess(*PLUGIN)
    result.assert_outcomes(passed=passed)


@pytest.mark.usefixtures("project")
def test_a_flow_is_run_and_looked_at(pytester: pytest.Pytester) -> None:
    """Verdict, metadata, effects, console, and the call that the action made."""
    passes(
        pytester,
        """
        import pytest

        def test_tier(flow, make_event, stub_http):
            stub_http.reply("POST", "/customers", json={"tier": "gold"})
            flow.secrets("crm", CRM_URL=stub_http.url)
            result = flow.run(make_event(user={"email": "eve@example.org"}))
            result.assert_allowed().assert_claim("https://example.com/tier", "gold")
            result.assert_no_claim("https://example.com/other").assert_ran("crm")
            assert result.app_metadata == {"seen": True}
            assert result.assert_effect("log", message="hello")["action"] == "crm"
            call = stub_http.assert_requested(
                "POST", "/customers", query={"limit": "1"}, json={"email": "eve@example.org"}
            )
            assert call.headers["content-type"] == "application/x-www-form-urlencoded"

        def test_a_reply_is_for_one_test(flow, make_event, stub_http):
            flow.secrets("crm", CRM_URL=stub_http.url)
            result = flow.run(make_event())
            result.assert_failed("action_error").assert_no_effects()
            stub_http.assert_requested("POST", "/customers", times=1)

        def test_configuration(flow, make_event, stub_http):
            flow.configure("crm", closed=True)
            flow.run(make_event()).assert_denied(by="crm", reason="closed today")
            stub_http.assert_not_requested()

        def test_no_configuration(flow, make_event):
            flow.run(make_event()).assert_allowed()
        """,
        passed=4,
    )


@pytest.mark.usefixtures("project")
def test_guests_are_kept_from_test_to_test(pytester: pytest.Pytester) -> None:
    """A hundred tests start one guest, unless a test asks for a new one."""
    passes(
        pytester,
        """
        import pytest

        @pytest.mark.parametrize("number", range(1, 101))
        def test_one_guest(flow, make_event, number):
            assert flow.run(make_event()).console("crm") == [f"{number} so far"]

        def test_a_new_guest(flow, make_event):
            flow.fresh()
            assert flow.run(make_event()).console("crm") == ["1 so far"]
        """,
        passed=101,
    )


@pytest.mark.usefixtures("project")
def test_a_failure_shows_the_whole_result(pytester: pytest.Pytester) -> None:
    """The test's own line, what was expected, and what ran; no line of the plugin."""
    pytester.makepyfile(
        """
        def test_wrong(flow, make_event):
            flow.run(make_event()).assert_denied()

        def test_claim(flow, make_event):
            flow.run(make_event()).assert_claim("sub")

        def test_call(stub_http):
            stub_http.assert_requested("GET", "/x")
        """
    )
    result = pytester.runpytest_subprocess(*PLUGIN)
    result.assert_outcomes(failed=3)
    result.stdout.fnmatch_lines(
        [
            ">*flow.run(make_event()).assert_denied()",
            "E*AssertionError: the login is not denied",
            "E*allowed",
            "E*metadata  app_metadata: seen = True",
            "E*run       crm v1 ok*",
            "E*AssertionError: there is no claim 'sub'",
            "E*AssertionError: a call of GET /x expected, 0 made like it; all calls:",
        ]
    )
    result.stdout.no_fnmatch_line("*testing/result.py*")


def test_a_flow_is_resumed(pytester: pytest.Pytester, project: Path) -> None:
    """A form is sent, the browser comes back with what was entered, and the action goes on."""
    (project / "actions/crm/action.py").write_text(
        "def on_execute_post_login(event, api):\n    api.prompt.render('form-1')\n\n"
        "def on_continue_post_login(event, api):\n"
        "    api.user.set_app_metadata('colour', event.prompt.fields.colour)\n"
    )
    passes(
        pytester,
        """
        import pytest

        def test_form(flow, make_event):
            result = flow.run(make_event()).assert_suspended()
            back = flow.resume(result, prompt={"id": "form-1", "fields": {"colour": "blue"}})
            assert back.assert_allowed().app_metadata == {"colour": "blue"}
            with pytest.raises(AssertionError, match="not suspended"):
                flow.resume(back)
        """,
        passed=1,
    )


def test_sample_events_and_wrong_names(pytester: pytest.Pytester, project: Path) -> None:
    """A sample event of the folder with changes; what there is none of is named."""
    (project / "events").mkdir()
    members = {
        "tenant": {"id": "acme"},
        "client": {"client_id": "web"},
        "connection": {"name": "Users"},
        "request": {"ip": "203.0.113.7"},
        "user": {"user_id": "u-1", "email": "ada@example.com"},
    }
    (project / "events/ada.json").write_text(json.dumps(members))
    passes(
        pytester,
        """
        import pytest
        from authstream.errors import ConfigurationError

        def test_sample(flow, make_event):
            event = make_event.sample("ada", user={"name": "Ada"})
            assert event["user"]["name"] == "Ada" and event["user"]["user_id"] == "u-1"
            assert flow.run(event).verdict["tenant"] == "acme"

        def test_names(make_event):
            with pytest.raises(ConfigurationError, match="there are ada"):
                make_event.sample("eve")
            with pytest.raises(ConfigurationError, match="post-login"):
                make_event("no-such")
        """,
        passed=2,
    )


@pytest.mark.usefixtures("project")
def test_the_folder_may_be_elsewhere(pytester: pytest.Pytester) -> None:
    """By a setting of pytest, from its root folder."""
    (pytester.path / "elsewhere").mkdir()
    for name in ("actions", "flows"):
        shutil.move(pytester.path / name, pytester.path / "elsewhere" / name)
    pytester.makeini("[pytest]\nauthstream_folder = elsewhere\n")
    passes(
        pytester,
        """
        def test_it(flow, make_event):
            flow.run(make_event()).assert_allowed()
        """,
        passed=1,
    )


def test_the_tutorial_of_testing_works(pytester: pytest.Pytester) -> None:
    """A newcomer who follows it: the template passes, and so do the tests, and the snapshots."""
    root = pytester.path
    assert run_here("new", "tier", "--folder", f"{root}").status == 0
    pytester.runpytest_subprocess(*PLUGIN).assert_outcomes(passed=1)
    for path, text in NAMED_FILE.findall(TUTORIAL.read_text()):
        (root / path).write_text(text)
    pytester.runpytest_subprocess(*PLUGIN).assert_outcomes(passed=4)
    event, code = root / "events/post-login.json", root / "actions/tier/action.py"
    event.write_text(event.read_text().replace("ada@example.com", "eve@example.org"))
    assert run_here("test", f"{root}", "--update").status == 0
    code.write_text(code.read_text().replace("Only example.com accounts", "Only our own people"))
    changed = run_here("test", f"{root}")
    assert changed.status == 4
    assert changed.out.splitlines()[1] in TUTORIAL.read_text()


def test_nothing_is_loaded_for_those_who_do_not_use_it(pytester: pytest.Pytester) -> None:
    """The plugin of an installed Authstream costs other projects no import of the engine."""
    passes(
        pytester,
        """
        import sys

        def test_nothing():
            loaded = {name for name in sys.modules if name.startswith("authstream")}
            assert loaded == {"authstream", "authstream.testing"}
        """,
        passed=1,
    )


def test_the_wheel_brings_the_plugin(pytester: pytest.Pytester) -> None:
    """Built and installed, it is there without a word in the project's configuration."""
    root = pytester.path
    build = (sys.executable, "-m", "hatchling", "build", "--target", "wheel")
    subprocess.run((*build, "--directory", f"{root / 'dist'}"), cwd=REPOSITORY, check=True)
    (wheel,) = (root / "dist").glob("*.whl")
    venv.create(root / "env", with_pip=False)
    python = root / "env/bin/python"
    install = (sys.executable, "-m", "pip", "--python", f"{python}", "install", "--no-deps")
    subprocess.run((*install, "--quiet", f"{wheel}"), check=True)
    (site,) = (root / "env").glob("lib/python*/site-packages")
    (site / "dependencies.pth").write_text(f"{PACKAGES}\n")
    made = [f"{python}", "-m", "authstream.cli", "new", "badge", "--folder", f"{root}"]
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    subprocess.run(made, check=True, env=env)
    plain = (f"{python}", "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:asyncio")
    done = subprocess.run(
        (*plain, "--verbose", f"{root / 'tests'}"),
        cwd=root,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "test_badge.py::test_it_runs PASSED" in done.stdout
    where = subprocess.run(
        [f"{python}", "-c", "import authstream; print(authstream.__file__)"],
        env=env,
        capture_output=True,
        text=True,
        check=True,
    )
    assert where.stdout.startswith(f"{site}")
