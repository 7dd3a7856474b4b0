"""`authstream test`: the whole flow locally; its JSON is a public contract (design §7)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.acceptance.command_line import run


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
