"""`authstream test`: the whole flow locally; its JSON is a public contract (design §7)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.command_line import DEMO, run, run_here


def rehearse(event: str) -> tuple[int, dict[str, Any]]:
    """Status and JSON of a rehearsal of the demo's flow."""
    done = run(
        "test",
        "deploy/demo",
        "--trigger",
        "post-login",
        "--event",
        f"deploy/demo/events/{event}.json",
        "--json",
    )
    result: dict[str, Any] = json.loads(done.out)
    return done.status, result


@pytest.fixture(scope="module")
def first_login() -> tuple[int, dict[str, Any]]:
    """The rehearsal of a first login; the CRM is not there, so that step is skipped."""
    return rehearse("first-login")


def test_it_prints_one_object_of_four_members(first_login: tuple[int, dict[str, Any]]) -> None:
    """The object holds verdict, commands, runs and effects."""
    status, result = first_login
    assert status == 0
    assert set(result) == {"verdict", "commands", "runs", "effects"}


def test_commands_have_auth0s_spelling(first_login: tuple[int, dict[str, Any]]) -> None:
    """A Python action's calls are listed under the names that Auth0 documents."""
    commands = first_login[1]["commands"]
    assert {
        "action": "claims",
        "name": "idToken.setCustomClaim",
        "arguments": ["https://shop.example.com/tier", "unknown"],
    } in commands


def test_runs_say_what_happened_to_each_action(first_login: tuple[int, dict[str, Any]]) -> None:
    """Every action that ran is listed in order with its status and its time."""
    runs = first_login[1]["runs"]
    assert [(run["action"], run["status"]) for run in runs] == [
        ("crm-enrich", "error"),
        ("risk-deny", "ok"),
        ("claims", "ok"),
        ("Login-Customizations", "ok"),
        ("welcome", "ok"),
    ]
    assert all(run["duration_ms"] > 0 for run in runs)


def test_the_classic_first_action_runs_unmodified(
    first_login: tuple[int, dict[str, Any]],
) -> None:
    """Auth0's JavaScript: a claim, a line by console.log, metadata by the object form."""
    _, result = first_login
    made = [c for c in result["commands"] if c["action"] == "Login-Customizations"]
    assert [(c["name"], c["arguments"]) for c in made] == [
        ("idToken.setCustomClaim", ["https://your-app.com/roles", ["admin", "user"]]),
        ("user.setAppMetadata", ["welcomeEmailSent", True]),
    ]
    (run,) = [run for run in result["runs"] if run["action"] == "Login-Customizations"]
    assert run["console"] == [{"level": "info", "text": "Login of ada@example.com"}]
    claims = result["verdict"]["claims"]["id_token"]
    assert claims["https://your-app.com/roles"] == ["admin", "user"]


def test_effects_are_listed_and_not_delivered(first_login: tuple[int, dict[str, Any]]) -> None:
    """The welcome e-mail is what would be sent."""
    effects = first_login[1]["effects"]
    assert [(effect["kind"], effect["payload"]["to"]) for effect in effects] == [
        ("email", "ada@example.com")
    ]


def test_a_denial_is_a_result() -> None:
    """A denied login ends the command with status 0: the flow worked."""
    status, result = rehearse("embargoed")
    assert (status, result["verdict"]["outcome"], result["verdict"]["denied_by"]) == (
        0,
        "denied",
        "risk-deny",
    )
    assert result["effects"] == []


def test_a_browser_comes_back(tmp_path: Path) -> None:
    """`--resume` plays its way back: the object is that of the last leg, and `legs` has each."""
    files = {
        "folder/flows/post-login.yaml": "trigger: post-login\nactions: [{action: ask}]\n",
        "folder/actions/ask/action.yaml": "trigger: post-login\n",
        "folder/actions/ask/action.js": (
            "exports.onExecutePostLogin = async (event, api) => {\n"
            "  api.redirect.sendUserTo('https://ask.example.com/');\n"
            "};\n"
            "exports.onContinuePostLogin = async (event, api) => {\n"
            "  api.idToken.setCustomClaim('said', event.request.query.said);\n"
            "};\n"
        ),
        "back.json": '{"request": {"ip": "192.0.2.1", "query": {"said": "yes"}}}',
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    event = ("--event", f"{DEMO}/events/first-login.json")
    resume = ("--resume", f"{tmp_path}/back.json")
    done = run("test", f"{tmp_path}/folder", *event, *resume, "--json")
    assert done.status == 0, done.err
    result = json.loads(done.out)
    assert result["verdict"]["claims"]["id_token"] == {"said": "yes"}
    assert [leg["verdict"]["outcome"] for leg in result["legs"]] == ["suspended", "allowed"]
    assert {**result, "legs": None} == {**result["legs"][1], "legs": None}
    shown = run("test", f"{tmp_path}/folder", *event, *resume).out
    assert "https://ask.example.com/?state=authstream.1." in shown.replace("\n", "")


def test_an_action_that_cannot_be_loaded_is_said_once(tmp_path: Path) -> None:
    """Why, and the line; neither a log nor the run repeats what the verdict says."""
    action = tmp_path / "actions/crm"
    action.mkdir(parents=True)
    (action / "action.yaml").write_text("trigger: post-login\n")
    (action / "action.js").write_text("const axios = require('axios');\n")
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows/login.yaml").write_text("trigger: post-login\nactions: [{action: crm}]\n")
    event = f"{DEMO / 'events/first-login.json'}"
    done = run_here("test", f"{tmp_path}", "--event", event)
    said = "Cannot find module 'axios': add it to dependencies: in action.yaml, then run"
    assert (done.status, done.err) == (3, "")
    assert done.out.splitlines()[0].startswith(f"failed (action_error): Error: {said}")
    assert done.out.count(said) == 1
    assert "action.js:1 in <anonymous>: const axios = require('axios');" in done.out
