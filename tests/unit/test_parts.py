"""What each part of a verdict makes of its commands, on the triggers that have it."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from authstream.contracts.api.saml import ATTRIBUTE_CHANGES, ATTRIBUTES_BYTES
from authstream.contracts.api.sessions import METADATA_ENTRIES
from authstream.contracts.api.tokens import SCOPES
from authstream.contracts.envelope import Command
from authstream.contracts.verdict import TargetScopes, Verdict
from authstream.engine.limits import NOTIFICATION_WAITS, USER_METADATA_BYTES
from authstream.engine.parts.session import REFRESH_PROTOCOL
from tests.samples import NOW, command, envelope, event, fold

#: 2026-01-01T00:00:00Z, milliseconds.
NEW_YEAR = 1_767_225_600_000
SESSION: dict[str, Any] = {
    "id": "s-1",
    "expires_at": "2026-01-01T00:00:00Z",
    "metadata": {"kept": "1"},
}
PRE, CE, CTE = "pre-user-registration", "credentials-exchange", "custom-token-exchange"


def decided(*commands: Command, **members: Any) -> Verdict:
    """The verdict of a flow of these commands; `trigger`, and more members of its event."""
    trigger = members.pop("trigger", "post-login")
    said = envelope(*commands, trigger=trigger, event=orjson.dumps(event(**members)))
    return fold(said, now=NOW)


def reasons(verdict: Verdict) -> list[tuple[str, str]]:
    """Target and reason of what did not take effect."""
    return [(one.target, one.reason) for one in verdict.dropped]


def test_what_a_denied_flow_does_not_get_is_listed() -> None:
    """Claims and scopes, with the reason; a restricted name keeps its own."""
    said = decided(
        command("idToken.setCustomClaim", "sub", 1),
        command("idToken.setCustomClaim", "tier", "gold"),
        command("accessToken.addScope", "read:all"),
        command("access.deny", "no"),
    )
    assert said.scopes_added == ()
    assert reasons(said) == [
        ("sub", "the claim name 'sub' is restricted"),
        ("tier", "the flow was denied"),
        ("read:all", "the flow was denied"),
    ]


def test_scopes_are_added_and_removed_in_order() -> None:
    """The last word on a scope counts; spaces around it do not."""
    said = decided(
        command("accessToken.addScope", " read:a "),
        command("accessToken.addScope", "read:b"),
        command("accessToken.removeScope", "read:b"),
        command("accessToken.removeScope", "read:c"),
        command("accessToken.addScope", "read:c"),
    )
    assert (said.scopes_added, said.scopes_removed) == (("read:a", "read:c"), ("read:b",))


def test_at_most_a_thousand_scopes_are_added() -> None:
    """All that fit; the next is dropped and said."""
    calls = [command("accessToken.addScope", f"s{number}") for number in range(SCOPES + 1)]
    assert len(decided(*calls[:SCOPES]).scopes_added) == SCOPES
    full = decided(*calls)
    assert len(full.scopes_added) == SCOPES
    assert reasons(full) == [(f"s{SCOPES}", f"{SCOPES} scopes were added before")]


def test_target_scopes_are_the_set_after_all_changes() -> None:
    """From what the event says, in order; untouched: as requested."""
    token: dict[str, Any] = {"scope": ["a", "b"], "customClaims": {}}
    calls = (
        command("transaction.addTargetScope", "c"),
        command("transaction.removeTargetScope", "a"),
    )
    assert decided(*calls, trigger=CE, accessToken=token).target_scopes == TargetScopes(
        scopes=("b", "c")
    )
    assert decided(trigger=CE, accessToken=token).target_scopes is None
    anew = (
        command("transaction.setTargetScopes", ["x", "y"]),
        command("transaction.addTargetScope", "x"),
    )
    assert decided(*calls, *anew, trigger=CE, accessToken=token).target_scopes == TargetScopes(
        scopes=("x", "y")
    )
    none = decided(*anew, command("transaction.clearTargetScopes"), trigger=CE)
    assert none.target_scopes == TargetScopes()


def test_a_thousand_target_scopes_are_the_most() -> None:
    """One more does not change the set."""
    all_of_them = [f"s{number}" for number in range(SCOPES)]
    said = decided(
        command("transaction.setTargetScopes", all_of_them),
        command("transaction.addTargetScope", "more"),
        trigger=CE,
    )
    assert said.target_scopes == TargetScopes(scopes=tuple(all_of_them))
    assert [target for target, _ in reasons(said)] == ["more"]


def test_metadata_up_to_its_limit_is_written() -> None:
    """32 kB for each of the two patches; the call that goes over is dropped."""
    value = "x" * (USER_METADATA_BYTES - len('{"a":""}'))
    fits = (command("user.setAppMetadata", "a", value), command("user.setUserMetadata", "a", value))
    assert decided(*fits).dropped == ()
    said = decided(*fits, command("user.setAppMetadata", "b", 1))
    assert said.metadata.app_metadata == {"a": value}
    assert [target for target, _ in reasons(said)] == ["b"]


def test_user_metadata_set_with_the_primary_user_is_lost() -> None:
    """As at Auth0, where it goes to an identity that is no user any more; but it is said."""
    said = decided(
        command("user.setUserMetadata", "early", 1, action="names"),
        command("user.setUserMetadata", "lost", 1, action="link"),
        command("user.setAppMetadata", "linked", True, action="link"),
        command("authentication.setPrimaryUser", "auth0|primary", action="link"),
    )
    assert said.authentication == {"primary_user_id": "auth0|primary"}
    assert said.metadata.user_metadata == {"early": 1}
    assert said.metadata.app_metadata == {"linked": True}
    assert [target for target, _ in reasons(said)] == ["lost"]


def test_the_primary_user_is_set_once() -> None:
    """A second call of another action has no effect."""
    said = decided(
        command("authentication.setPrimaryUser", "one"),
        command("authentication.setPrimaryUser", "two"),
    )
    assert said.authentication == {"primary_user_id": "one"}
    assert [target for target, _ in reasons(said)] == ["two"]


def test_recorded_methods_are_in_the_verdict() -> None:
    """For the provider to keep with the session; each once."""
    url = "https://id.example.com/liveness"
    calls = [command("authentication.recordMethod", url)] * 2
    assert decided(*calls).authentication == {"methods": [url]}


@pytest.mark.parametrize("of", ["session", "refreshToken"])
def test_a_session_is_shortened_to_the_earliest_time(of: str) -> None:
    """Several calls: the earliest counts; later than it would end anyway: nothing happens."""
    member = "session" if of == "session" else "refresh_token"
    said = decided(
        command(f"{of}.setExpiresAt", NEW_YEAR),
        command(f"{of}.setExpiresAt", NEW_YEAR - 5_000),
        command(f"{of}.setExpiresAt", NEW_YEAR - 1_000),
        command(f"{of}.setExpiresAt", NEW_YEAR + 1),
        command(f"{of}.setIdleExpiresAt", NEW_YEAR + 1),
        **{member: SESSION},
    )
    assert getattr(said, member) == {
        "expires_at": NEW_YEAR - 5_000,
        "idle_expires_at": NEW_YEAR + 1,
    }
    assert reasons(said) == [
        (
            f"{NEW_YEAR - 1_000}",
            f"a call before ends it at {NEW_YEAR - 5_000}: the earliest counts",
        ),
        (f"{NEW_YEAR + 1}", f"it ends at {NEW_YEAR} anyway: it can only be shortened"),
    ]


def test_the_last_cookie_mode_counts() -> None:
    """`persistent` or `non-persistent`."""
    calls = [command("session.setCookieMode", mode) for mode in ("persistent", "non-persistent")]
    assert decided(*calls, session=SESSION).session == {"cookie_mode": "non-persistent"}


@pytest.mark.parametrize("of", ["session", "refreshToken"])
def test_metadata_of_a_session_is_a_patch(of: str) -> None:
    """A null removes; evicting removes what is there and what was set so far."""
    member = "session" if of == "session" else "refresh_token"
    before = (command(f"{of}.setMetadata", "a", "1"), command(f"{of}.deleteMetadata", "kept"))
    said = decided(*before, **{member: SESSION})
    assert getattr(said, member) == {"metadata": {"a": "1", "kept": None}}
    anew = (command(f"{of}.evictMetadata"), command(f"{of}.setMetadata", "b", "2"))
    said = decided(*before, *anew, **{member: SESSION})
    assert getattr(said, member) == {"evict_metadata": True, "metadata": {"b": "2"}}


def test_a_session_that_is_not_there_has_no_metadata() -> None:
    """It is said; a refresh token may be yet to come."""
    said = decided(
        command("session.setMetadata", "a", "1"),
        command("session.deleteMetadata", "a"),
        command("session.evictMetadata"),
        command("refreshToken.setMetadata", "a", "1"),
    )
    assert (said.session, said.refresh_token) == ({}, {"metadata": {"a": "1"}})
    assert {reason for _, reason in reasons(said)} == {"there is no session"}


def test_session_metadata_has_at_most_25_entries() -> None:
    """Those that are there count, those removed do not."""
    calls = [command("session.setMetadata", f"k{n}", "v") for n in range(METADATA_ENTRIES)]
    said = decided(*calls, session=SESSION)
    assert [target for target, _ in reasons(said)] == [f"k{METADATA_ENTRIES - 1}"]
    room = decided(command("session.deleteMetadata", "kept"), *calls, session=SESSION)
    assert room.dropped == ()
    anew = decided(command("session.evictMetadata"), *calls, session=SESSION)
    assert anew.dropped == ()


def test_a_revoked_session_denies() -> None:
    """The login, with the reason; refresh tokens go too unless they are preserved."""
    said = decided(
        command("idToken.setCustomClaim", "a", 1),
        command("session.revoke", "stolen", {"preserveRefreshTokens": True}),
        session=SESSION,
    )
    assert (said.outcome, said.reason) == ("denied", "stolen")
    assert said.session == {"revoke": {"reason": "stolen", "preserve_refresh_tokens": True}}
    plain = decided(command("session.revoke", "stolen"), session=SESSION)
    assert plain.session["revoke"]["preserve_refresh_tokens"] is False


def test_a_refresh_token_is_revoked_in_its_exchange_only() -> None:
    """Anywhere else there is none to revoke, but the login is denied all the same."""
    revoke = command("refreshToken.revoke", "stolen")
    said = decided(revoke, transaction={"protocol": REFRESH_PROTOCOL})
    assert (said.outcome, said.refresh_token) == ("denied", {"revoke": {"reason": "stolen"}})
    other = decided(revoke, transaction={"protocol": "oidc-basic-profile"})
    assert (other.outcome, other.refresh_token) == ("denied", {})
    assert [target for target, _ in reasons(other)] == ["revoke"]


def test_a_saml_response_has_attributes_and_configuration() -> None:
    """The last value of each; a null removes an attribute."""
    said = decided(
        command("samlResponse.setAttribute", "role", "user"),
        command("samlResponse.setAttribute", "role", ["admin", "user"]),
        command("samlResponse.setAttribute", "email", None),
        command("samlResponse.setAudience", "urn:one"),
        command("samlResponse.setAudience", "urn:two"),
        command("samlResponse.setSignResponse", True),
    )
    assert said.saml == {
        "attributes": {"role": ["admin", "user"], "email": None},
        "configuration": {"audience": "urn:two", "signResponse": True},
    }


def test_saml_attributes_are_limited_in_number_and_size() -> None:
    """100 changes, 102 400 bytes; what goes over is dropped."""
    calls = [
        command("samlResponse.setAttribute", f"a{n}", "v") for n in range(ATTRIBUTE_CHANGES + 1)
    ]
    assert [target for target, _ in reasons(decided(*calls))] == [f"a{ATTRIBUTE_CHANGES}"]
    value = "x" * (ATTRIBUTES_BYTES - len('{"a":""}'))
    fits = command("samlResponse.setAttribute", "a", value)
    assert decided(fits).dropped == ()
    said = decided(fits, command("samlResponse.setAttribute", "b", 1))
    assert [target for target, _ in reasons(said)] == ["b"]


def test_multifactor_is_asked_for_at_the_end() -> None:
    """It does not suspend; the last call counts, `none` too."""
    said = decided(
        command("multifactor.enable", "none"),
        command("multifactor.enable", "any", {"allowRememberBrowser": False}),
    )
    assert said.outcome == "allowed"
    assert said.mfa == {"enable": {"provider": "any", "allowRememberBrowser": False}}


def test_a_password_reset_ends_at_a_page() -> None:
    """The query is put into the URL; a name that is there is replaced."""
    reset = command(
        "transaction.setResultUrl",
        "https://example.com/done?a=1&b=2",
        {"query": {"b": True, "c": "ö"}},
    )
    said = decided(reset, trigger="password-reset-post-challenge")
    assert said.result_url == "https://example.com/done?a=1&b=true&c=%C3%B6"
    plain = command("transaction.setResultUrl", "https://example.com/")
    assert (
        decided(plain, trigger="password-reset-post-challenge").result_url == "https://example.com/"
    )


def test_tokens_are_exchanged_for_one_user() -> None:
    """By id the user is known, so metadata can be patched; organization and actor are added."""
    said = decided(
        command("authentication.setUserById", "auth0|1"),
        command("authentication.setOrganization", "acme"),
        command("authentication.setActor", {"sub": "svc"}),
        command("user.setAppMetadata", "a", 1),
        trigger=CTE,
        subject=None,
    )
    assert (said.outcome, said.subject) == ("allowed", "auth0|1")
    assert said.token_exchange == {
        "user_id": "auth0|1",
        "organization": "acme",
        "actor": {"sub": "svc"},
    }


def test_tokens_are_exchanged_for_a_user_of_a_connection() -> None:
    """Who the provider may have to create; their id is the connection's."""
    options = {"creationBehavior": "create_if_not_exists", "updateBehavior": "none"}
    attributes = {"user_id": "1", "email": "ada@example.com"}
    call = command("authentication.setUserByConnection", "legacy", attributes, options)
    assert decided(call, trigger=CTE).token_exchange == {
        "connection": "legacy",
        "user_attributes": attributes,
        "creation_behavior": "create_if_not_exists",
        "update_behavior": "none",
    }


@pytest.mark.parametrize(("times", "code"), [(0, "user_not_set"), (2, "user_set_twice")])
def test_an_exchange_without_exactly_one_user_fails(times: int, code: str) -> None:
    """No tokens for nobody, none for one of two."""
    said = decided(*[command("authentication.setUserById", "auth0|1")] * times, trigger=CTE)
    assert (said.outcome, said.code, said.token_exchange) == ("failed", code, {})


def test_an_invalid_subject_token_is_told_to_the_provider() -> None:
    """So that it may count attempts; nobody need be set then."""
    said = decided(command("access.rejectInvalidSubjectToken", "expired"), trigger=CTE)
    assert (said.outcome, said.code, said.reason) == ("denied", "invalid_request", "expired")
    assert said.token_exchange == {"invalid_subject_token": True}
    other = decided(command("access.deny", "forbidden", "no"), trigger=CTE)
    assert other.token_exchange == {}


@pytest.mark.parametrize("trigger", ["custom-email-provider", "custom-phone-provider"])
def test_a_message_is_dropped_or_tried_again(trigger: str) -> None:
    """Five more tries, as the policy in the verdict says; none after a drop."""
    again = decided(command("notification.retry", "gateway busy"), trigger=trigger)
    assert again.notification == {"status": "retry", "reason": "gateway busy"}
    assert (again.outcome, again.code) == ("denied", "notification_retry")
    assert again.retry is not None
    assert again.retry.waits_ms == tuple(wait.total_seconds() * 1000 for wait in NOTIFICATION_WAITS)
    assert len(again.retry.waits_ms) == 5
    gone = decided(command("notification.drop", "no such number"), trigger=trigger)
    assert (gone.code, gone.retry) == ("notification_drop", None)
    assert gone.notification["status"] == "drop"
    sent = decided(trigger=trigger)
    assert (sent.outcome, sent.notification, sent.retry) == ("allowed", {}, None)
