"""From commands to one verdict: what each rule gives in one example."""

from __future__ import annotations

import orjson
import pytest

from authstream.apps.stages import triggers
from authstream.contracts.api import METHODS, methods
from authstream.contracts.budgets import CLAIMS_BYTES
from authstream.contracts.envelope import Failure, Slip
from authstream.contracts.parameter import CommandRefusedError
from authstream.engine.restricted import APP_METADATA, CLAIMS, claim_refusal
from tests.samples import NOW, command, envelope, fold, run, step

CRM, RISK, LAST = step("crm"), step("risk"), step("last")


def test_every_command_has_a_rule_and_every_rule_a_command() -> None:
    """A command without a rule would have no effect on the verdict, and nobody would notice."""
    for name, trigger in triggers().items():
        commands = {path for path, one in methods(name).items() if one.kind == "command"}
        assert commands <= {path for part in trigger.parts for path in part.rules}, name
    ruled = {path for one in triggers().values() for part in one.parts for path in part.rules}
    assert ruled <= {method.path for method in METHODS if method.kind == "command"}


def test_no_command_allows_with_nothing_added() -> None:
    """A flow whose actions asked for nothing lets the user in as the provider would."""
    verdict = fold(envelope(steps=(CRM,)), now=NOW + 5)
    assert (verdict.outcome, verdict.claims.id_token, verdict.dropped) == ("allowed", {}, ())
    assert (verdict.requested_at, verdict.decided_at) == (NOW, NOW + 5)


def test_claims_go_to_the_token_they_are_for() -> None:
    """ID token and access token are apart."""
    commands = (
        command("idToken.setCustomClaim", "a", 1),
        command("accessToken.setCustomClaim", "b", 2),
    )
    claims = fold(envelope(*commands), now=NOW).claims
    assert (claims.id_token, claims.access_token) == ({"a": 1}, {"b": 2})


def test_the_last_claim_of_a_name_wins() -> None:
    """A later action overwrites an earlier one (Auth0)."""
    commands = [
        command("idToken.setCustomClaim", "tier", tier, action=action)
        for tier, action in (("new", "crm"), ("gold", "claims"))
    ]
    assert fold(envelope(*commands), now=NOW).claims.id_token == {"tier": "gold"}


def test_the_restricted_names_are_those_of_the_documentation() -> None:
    """60 claims, 18 keys of app_metadata."""
    assert (len(CLAIMS), len(APP_METADATA)) == (60, 18)


@pytest.mark.parametrize(
    "name",
    [
        "sub",
        "x5t#S256",
        "https://auth0.com/a",
        "https://tenant.EU.Auth0.com./a",
        "http://webtask.io",
        "https://a.webtask.run:8080/x",
        "urn:auth0",
        "URN:auth0:x",
    ],
)
def test_a_restricted_claim_is_dropped_and_said(name: str) -> None:
    """Auth0 drops it in silence; our verdict names the action, the command and the reason."""
    verdict = fold(envelope(command("idToken.setCustomClaim", name, 1)), now=NOW)
    assert verdict.claims.id_token == {}
    (dropped,) = verdict.dropped
    assert (dropped.action, dropped.command, dropped.target) == (
        "claims",
        "idToken.setCustomClaim",
        name,
    )
    assert dropped.reason


@pytest.mark.parametrize(
    "name",
    ["email", "https://example.com/auth0.com", "https://notauth0.com/x", "urn:auth0x", "Sub"],
)
def test_a_name_that_only_looks_restricted_is_kept(name: str) -> None:
    """Profile claims, other hosts and other spellings may be set."""
    assert claim_refusal(name) is None


def test_a_metadata_value_replaces_its_whole_top_level_key() -> None:
    """`{a: {b: 1}}` then `{a: {c: 2}}` gives `{a: {c: 2}}`: only top-level keys are merged."""
    commands = (
        command("user.setAppMetadata", "a", {"b": 1}),
        command("user.setAppMetadata", "other", True),
        command("user.setAppMetadata", "a", {"c": 2}),
    )
    patch = fold(envelope(*commands), now=NOW).metadata
    assert patch.app_metadata == {"a": {"c": 2}, "other": True}


def test_null_in_a_patch_removes_a_key() -> None:
    """The patch says null, which a profile store takes as removal (RFC 7396)."""
    commands = (
        command("user.setUserMetadata", "a", 1),
        command("user.setUserMetadata", "a", None),
    )
    assert fold(envelope(*commands), now=NOW).metadata.user_metadata == {"a": None}


def test_a_reserved_key_of_app_metadata_is_dropped_and_said() -> None:
    """The 18 keys are Auth0's own; user_metadata has no such rule."""
    commands = (
        command("user.setAppMetadata", "blocked", True),
        command("user.setUserMetadata", "blocked", True),
    )
    verdict = fold(envelope(*commands), now=NOW)
    assert verdict.metadata.app_metadata == {}
    assert verdict.metadata.user_metadata == {"blocked": True}
    assert [dropped.target for dropped in verdict.dropped] == ["blocked"]


def test_a_denial_keeps_metadata_and_gives_no_claims() -> None:
    """Deny does not cancel other changes that the flow asked for (Auth0)."""
    commands = (
        command("idToken.setCustomClaim", "a", 1, action="crm"),
        command("user.setAppMetadata", "seen", True, action="crm"),
        command("access.deny", "Not from there.", action="risk"),
    )
    verdict = fold(
        envelope(*commands, steps=(CRM, RISK, LAST), runs=(run("crm"), run("risk", "denied"))),
        now=NOW,
    )
    assert (verdict.outcome, verdict.code, verdict.denied_by) == ("denied", "access_denied", "risk")
    assert verdict.user_message == verdict.reason == "Not from there."
    assert (verdict.claims.id_token, verdict.metadata.app_metadata) == ({}, {"seen": True})
    assert [one.status for one in verdict.steps] == ["ok", "denied", "not_run"]


def test_the_first_denial_counts() -> None:
    """An action that goes on after its denial cannot change the reason."""
    commands = (command("access.deny", "one"), command("access.deny", "two"))
    assert fold(envelope(*commands), now=NOW).reason == "one"


def test_a_failure_discards_everything() -> None:
    """A throw loses all commands and lets nobody in (Auth0)."""
    commands = (
        command("idToken.setCustomClaim", "a", 1),
        command("user.setAppMetadata", "a", 1),
        command("effects.send", "log", {"message": "x"}),
        command("access.deny", "no"),
    )
    failure = Failure(code="action_error", reason="it broke", action="crm")
    verdict = fold(envelope(*commands, failure=failure), now=NOW)
    assert (verdict.outcome, verdict.code, verdict.reason) == ("failed", "action_error", "it broke")
    assert (verdict.claims.id_token, verdict.metadata.app_metadata, verdict.effects) == ({}, {}, ())
    assert verdict.user_message is None


def test_claims_up_to_their_limit_are_given() -> None:
    """100 kB of JSON for each token, counted apart."""
    value = "x" * (CLAIMS_BYTES - len('{"a":""}'))
    commands = (
        command("idToken.setCustomClaim", "a", value),
        command("accessToken.setCustomClaim", "a", value),
    )
    assert fold(envelope(*commands), now=NOW).outcome == "allowed"


@pytest.mark.parametrize("name", ["idToken.setCustomClaim", "accessToken.setCustomClaim"])
def test_claims_over_their_limit_fail_the_login(name: str) -> None:
    """One byte more than 100 kB: the transaction fails with an error (Auth0)."""
    value = "x" * (CLAIMS_BYTES - len('{"a":""}') + 1)
    verdict = fold(envelope(command(name, "a", value)), now=NOW)
    assert (verdict.outcome, verdict.code) == ("failed", "too_large")
    assert f"{CLAIMS_BYTES}" in (verdict.reason or "")


def test_a_planned_action_that_did_not_run_fails_the_login() -> None:
    """An action cannot be jumped over."""
    verdict = fold(envelope(steps=(CRM, RISK), runs=(run("crm"),)), now=NOW)
    assert (verdict.outcome, verdict.code) == ("failed", "incomplete")
    assert [one.status for one in verdict.steps] == ["ok", "not_run"]


def test_another_version_does_not_stand_in_for_the_planned_one() -> None:
    """The version was pinned when the login came in."""
    verdict = fold(envelope(steps=(CRM,), runs=(run("crm", version=2),)), now=NOW)
    assert verdict.code == "incomplete"


def test_an_action_bound_twice_must_run_twice() -> None:
    """One run is not enough for two steps."""
    verdict = fold(envelope(steps=(CRM, CRM), runs=(run("crm"),)), now=NOW)
    assert verdict.code == "incomplete"


def test_a_skipped_step_is_listed_and_need_not_run() -> None:
    """A condition that is false leaves its step out, also beside a step of the same action."""
    steps = (step("crm", skipped=True), CRM)
    verdict = fold(envelope(steps=steps), now=NOW)
    assert verdict.outcome == "allowed"
    assert [(one.status, one.ms) for one in verdict.steps] == [("skipped", 0.0), ("ok", 3.0)]


def test_a_leg_decided_after_its_deadline_fails() -> None:
    """A late verdict has no consequences: the caller was told something else by then."""
    assert fold(envelope(), now=NOW + 20_000).outcome == "allowed"
    verdict = fold(envelope(command("access.deny", "no")), now=NOW + 20_001)
    assert (verdict.outcome, verdict.code) == ("failed", "timeout")


def test_an_effect_has_an_id_that_repetitions_share() -> None:
    """The same leg folded again orders the same effects under the same ids."""
    commands = (
        command("effects.send", "email", {"to": "a@example.com"}),
        command("effects.send", "log", {"message": "x"}, {"on": "denied", "key": "k"}),
    )
    first, again = (fold(envelope(*commands), now=NOW + n).effects for n in (0, 9))
    assert first == again
    assert len({order.id for order in first}) == 2
    assert [(order.kind, order.on, order.key) for order in first] == [
        ("email", "allowed", None),
        ("log", "denied", "k"),
    ]


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("no.suchMethod", b"[]"),
        ("idToken.setCustomClaim", b"[1]"),
        ("idToken.setCustomClaim", b"not json"),
        ("effects.send", b'["log", 5]'),
        ("access.deny", b"[]"),
    ],
)
def test_a_command_that_nobody_can_have_recorded_is_refused(name: str, arguments: bytes) -> None:
    """From a newer version or a forger: the flow fails, the worker does not."""
    odd = command(name).model_copy(update={"arguments": arguments})
    with pytest.raises(CommandRefusedError, match=name):
        fold(envelope(odd), now=NOW)


def test_a_verdict_is_public_as_json() -> None:
    """What `authstream test --json` prints can be encoded as it is."""
    flow = envelope(command("idToken.setCustomClaim", "a", [1]), slip=Slip())
    assert orjson.loads(orjson.dumps(fold(flow, now=NOW).public()))["claims"]["id_token"] == {
        "a": [1]
    }
