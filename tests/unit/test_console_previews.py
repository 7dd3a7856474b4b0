"""What the console shows of tokens, durations and actions that are being edited."""

from __future__ import annotations

from typing import Any

import pytest

from authstream.console.action_draft import ActionDraft
from authstream.console.token_preview import token_preview
from authstream.console.wording import flow_words, milliseconds

EVENT = {
    "user": {"user_id": "auth0|ada", "email": "ada@example.com"},
    "client": {"client_id": "web"},
    "transaction": {"requested_scopes": ["openid", "profile"]},
}


def verdict(**members: Any) -> dict[str, Any]:
    """An allowed one."""
    claims = {"id_token": {"https://x/tier": "gold"}, "access_token": {}}
    return {"outcome": "allowed", "decided_at": 5_000, "claims": claims, **members}


def test_tokens_have_claims_and_scopes() -> None:
    """Each its own claims; the access token the scopes that are left."""
    found = token_preview(EVENT, verdict(scopes_added=["read"], scopes_removed=["profile"]))
    assert found is not None
    assert found["id_token"]["https://x/tier"] == "gold"
    assert found["id_token"]["sub"] == "auth0|ada"
    assert (found["access_token"]["scope"], found["access_token"]["iat"]) == ("openid read", 5)


@pytest.mark.parametrize("outcome", ["denied", "failed", "suspended"])
def test_without_an_allowed_login_there_is_no_token(outcome: str) -> None:
    """Nothing is shown that nobody gets."""
    assert token_preview(EVENT, verdict(outcome=outcome)) is None


@pytest.mark.parametrize(
    ("value", "said"), [(0.4, "0.4 ms"), (25.2, "25 ms"), (1500, "1.5 s"), (2345.6, "2.35 s")]
)
def test_durations_are_short(value: float, said: str) -> None:
    """Two or three digits are enough."""
    assert milliseconds(value) == said


def test_a_trigger_of_ones_own_has_a_name() -> None:
    """Its own, with spaces."""
    assert flow_words("device-enrolled").title == "Device enrolled"


def action(**members: Any) -> dict[str, Any]:
    """As the admin API has it."""
    draft = {
        "trigger": "post-login",
        "runtime": "node20",
        "code_file": "action.js",
        "isolation": "action",
        "secrets": ["KEY"],
        "egress": ["a.example.com:443"],
        "dependencies": {"axios": "1.7.9"},
        "configuration": {"tier": "gold"},
        "limits": {"memory": 2**28, "threads": 64},
        "guests": 1,
        "digest": "d",
    }
    return {"name": "a", "deployed": 1, "code": "x", "lock": "{}", "draft": draft, **members}


def test_an_action_is_saved_as_it_came() -> None:
    """What nobody touched is not changed by saving, its lock included."""
    draft = ActionDraft.of(action(), 3)
    body = draft.body()
    assert body["dependencies"] == {"axios": "1.7.9"}
    assert (body["lock"], body["limits"]["guests"]) == ("{}", 1)
    unsaved = [draft.unsaved]
    draft.code = "y"
    unsaved.append(draft.unsaved)
    draft.saved(action(), 4)
    assert [*unsaved, draft.unsaved] == [False, True, False]
    assert draft.revision == 4


@pytest.mark.parametrize(
    ("member", "text", "said"),
    [
        ("dependencies", "axios", "no package"),
        ("configuration", "{", "not JSON"),
        ("configuration", "[]", "no JSON object"),
    ],
)
def test_what_cannot_be_read_is_said(member: str, text: str, said: str) -> None:
    """Before anything is sent."""
    draft = ActionDraft.of(action(), 3)
    setattr(draft, member, text)
    with pytest.raises(ValueError, match=said):
        draft.body()
    assert draft.unsaved
