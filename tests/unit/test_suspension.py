"""Which commands suspend a flow, whether it may be, and what its verdict asks for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
import pytest

from authstream.contracts.envelope import Command, Envelope
from authstream.engine.suspension import (
    SUSPENDING,
    destination,
    parts,
    refusal,
    suspends,
)
from tests.samples import TRIGGERS, command, envelope, event, run

POST_LOGIN = TRIGGERS["post-login"]
CHALLENGE = "authentication.challengeWith"


@pytest.mark.parametrize("name", sorted(SUSPENDING))
def test_each_of_six_commands_suspends(name: str) -> None:
    """A redirect, a form, and the four of MFA."""
    assert suspends(["idToken.setCustomClaim", name])
    assert not suspends(["idToken.setCustomClaim", "access.deny"])
    assert len(SUSPENDING) == 6


@pytest.mark.parametrize(
    ("url", "query", "expected"),
    [
        ("https://a.example", {}, "https://a.example?state=s"),
        ("https://a.example/p?x=1#top", {}, "https://a.example/p?x=1&state=s#top"),
        ("https://a.example/?state=theirs&x=", {}, "https://a.example/?x=&state=s"),
        ("https://a.example/", {"state": "theirs"}, "https://a.example/?state=s"),
        ("https://a.example/?t=1", {"t": "é &"}, "https://a.example/?t=%C3%A9+%26&state=s"),
        ("https://a.example/", {"n": 1, "b": True}, "https://a.example/?n=1&b=true&state=s"),
    ],
)
def test_query_and_state_are_added_to_a_url(url: str, query: dict[str, Any], expected: str) -> None:
    """What it has stays, unless it is set anew; the state is always ours."""
    assert destination(url, query, state="s") == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (
            command("redirect.sendUserTo", "https://a.example/"),
            {"redirect": {"url": "https://a.example/?state=s"}},
        ),
        (
            command("redirect.sendUserTo", "https://a.example/", {"query": {"a": "b"}}),
            {"redirect": {"url": "https://a.example/?a=b&state=s"}},
        ),
        (
            command("prompt.render", "form", {"fields": {"name": "Ada"}}),
            {"prompt": {"id": "form", "fields": {"name": "Ada"}, "vars": {}}},
        ),
        (
            command(CHALLENGE, {"type": "otp"}, {"additionalFactors": [{"type": "phone"}]}),
            {
                "mfa": {
                    "steps": [
                        {
                            "type": "challenge",
                            "factor": {"type": "otp"},
                            "additional_factors": [{"type": "phone"}],
                        }
                    ]
                }
            },
        ),
        (
            command("authentication.enrollWithAny", [{"type": "otp"}, {"type": "email"}]),
            {
                "mfa": {
                    "steps": [{"type": "enroll", "factors": [{"type": "otp"}, {"type": "email"}]}]
                }
            },
        ),
    ],
)
def test_what_a_verdict_asks_for(said: Command, expected: dict[str, Any]) -> None:
    """One member for each way to leave; the others are empty."""
    assert parts([said], "s") == {"redirect": {}, "prompt": {}, "mfa": {}, **expected}


def test_challenges_are_asked_for_in_order() -> None:
    """An action may want several factors, one after the other."""
    kinds = ("otp", "email")
    made = parts([command(CHALLENGE, {"type": kind}) for kind in kinds], "s")
    assert [one["factor"]["type"] for one in made["mfa"]["steps"]] == ["otp", "email"]


def suspended(*commands: Command, **members: Any) -> Envelope:
    """A flow whose last action wants to suspend it."""
    return envelope(*commands, runs=(run("crm", "suspended"),), **members)


def test_a_login_with_a_browser_may_be_suspended() -> None:
    """Nothing stands against it."""
    assert refusal(suspended(), POST_LOGIN) is None


@pytest.mark.parametrize(
    ("transaction", "code"),
    [
        ({"prompt": ["login"], "protocol": "oidc-basic-profile"}, None),
        ({"prompt": ["none"]}, "interaction_required"),
        ({"protocol": "oauth2-resource-owner"}, "redirect_unsupported"),
        ({"protocol": "oauth2-password"}, "redirect_unsupported"),
        ({"prompt": None, "protocol": None}, None),
    ],
)
def test_what_the_application_asked_for_is_respected(
    transaction: dict[str, Any], code: str | None
) -> None:
    """As `canRedirect` of Auth0 has it."""
    said = suspended(event=orjson.dumps(event(transaction=transaction)))
    found = refusal(said, POST_LOGIN)
    assert (found and found.code) == code


def test_a_provider_may_be_unable_to_redirect() -> None:
    """It says so with its event; the failure names the action."""
    found = refusal(suspended(interactive=False), POST_LOGIN)
    assert found is not None
    assert (found.code, found.action) == ("redirect_unsupported", "crm")


def test_flows_of_some_triggers_cannot_be_resumed() -> None:
    """Those without a handler that goes on."""
    found = refusal(suspended(), replace(POST_LOGIN, continues=None))
    assert found is not None
    assert found.code == "redirect_unsupported"
