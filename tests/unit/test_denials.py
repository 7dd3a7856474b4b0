"""Denials: what `access.deny` says on each trigger, and which of several counts."""

from __future__ import annotations

import pytest

from tests.samples import command
from tests.unit.test_parts import CE, CTE, PRE, decided


def test_a_signup_is_denied_for_logs_and_for_the_user() -> None:
    """`deny(reason, userMessage)`: the reason is not for the user's eyes."""
    said = decided(command("access.deny", "blocked", "Please call us."), trigger=PRE)
    assert (said.outcome, said.reason, said.user_message) == (
        "denied",
        "blocked",
        "Please call us.",
    )
    silent = decided(command("access.deny", "blocked"), trigger=PRE)
    assert (silent.reason, silent.user_message) == ("blocked", None)


@pytest.mark.parametrize("trigger", [CE, CTE])
def test_a_token_is_denied_with_a_code(trigger: str) -> None:
    """`deny(code, reason)`: an OAuth error and its description, for a machine."""
    said = decided(command("access.deny", "invalid_scope", "too much"), trigger=trigger)
    assert (said.outcome, said.code, said.reason) == ("denied", "invalid_scope", "too much")
    assert said.user_message is None


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        (["User is not authorized"], "access_denied", "User is not authorized"),
        (["forbidden", "by role"], "access_denied", "forbidden: by role"),
        (["server_error"], "server_error", None),
        (["invalid_request", "by role"], "invalid_request", "by role"),
    ],
)
def test_a_machine_is_told_a_code_that_it_knows(
    arguments: list[str], code: str, reason: str | None
) -> None:
    """Published actions often say one text, as they do elsewhere: that is a reason, not a code."""
    said = decided(command("access.deny", *arguments), trigger=CE)
    assert (said.outcome, said.code, said.reason) == ("denied", code, reason)


def test_a_second_denial_is_said_to_have_no_effect() -> None:
    """The first counts, whichever method it came by."""
    said = decided(
        command("validation.error", "bad_name", "Name?", action="names"),
        command("access.deny", "no", action="risk"),
    )
    assert (said.code, said.validation) == (
        "validation_error",
        {"code": "bad_name", "message": "Name?"},
    )
    assert [(one.target, one.reason) for one in said.dropped] == [
        ("access_denied", "names denied the flow before")
    ]
