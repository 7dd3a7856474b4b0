"""`make demo` on the embedded broker: what a newcomer sees first."""

from __future__ import annotations

import psutil
import pytest

from tests.acceptance.command_line import Finished, run


@pytest.fixture(scope="module")
def demo() -> Finished:
    """One run of the demo, looked at by every test."""
    return run("demo")


def test_it_decides_every_login_and_ends_well(demo: Finished) -> None:
    """Thirteen logins get a verdict, and the demo ends with status 0."""
    assert demo.status == 0, demo.err
    assert "13. " in demo.out
    assert "no verdict" not in demo.out
    assert "Traceback" not in demo.out + demo.err


def test_it_shows_claims_metadata_effects_and_what_was_dropped(demo: Finished) -> None:
    """An allowed login shows claims, metadata, effects, dropped claims and each run's time."""
    first = demo.out.split(" 2. ")[0]
    assert "id_token: https://shop.example.com/tier = 'gold'" in first
    assert "app_metadata: crm_id = 'crm-1001'" in first
    assert "email when allowed, ordered by welcome" in first
    assert (
        "idToken.setCustomClaim('roles') by claims: the claim name 'roles' is restricted" in first
    )
    assert "crm-enrich v1 ok" in first


def test_the_javascript_action_shows_its_claim_its_line_and_its_metadata(demo: Finished) -> None:
    """`Login-Customizations` is Auth0's classic first action, beside actions in Python."""
    first = demo.out.split(" 2. ")[0]
    assert "id_token: https://your-app.com/roles = ['admin', 'user']" in first
    assert "info: Login of ada@example.com" in first
    assert "app_metadata: welcomeEmailSent = True" in first
    assert "Login-Customizations v1 ok" in first


def test_a_denial_ends_the_flow_early(demo: Finished) -> None:
    """The embargoed login is denied with its message, and no later action ran."""
    kim = demo.out.split(" 3. ")[1].split(" 4. ")[0]
    assert "denied by risk-deny (access_denied): We cannot offer our service in North Korea." in kim
    assert "claims v1" not in kim


def test_an_invalid_event_is_refused_with_a_reason(demo: Finished) -> None:
    """The event without a user fails closed and says what is missing."""
    assert (
        "failed (invalid_event): the post-login event is not valid: user: Field required"
        in demo.out
    )


def test_only_first_logins_that_were_allowed_get_a_mail(demo: Finished) -> None:
    """Two welcome e-mails arrive: not for the denied first login, and once for the retried one."""
    assert "2 welcome e-mails arrived" in demo.out
    assert demo.out.count("Subject: Welcome, Ada") == 1
    assert "Omar" not in demo.out


def test_the_trace_goes_from_publish_to_effect(demo: Finished) -> None:
    """One tree holds every hop of a login, from the provider's publish to the delivered e-mail."""
    tree = demo.out.split("the trace of one login")[1]
    hops = [
        "send auth.post-login.requested.v1",
        "run crm-enrich [ok]",
        "run claims [ok]",
        "process auth.assemble.v1",
        "process auth.effects.email.v1",
        "SMTP",
        "send auth.effects.email.done.v1",
    ]
    assert [hop for hop in hops if hop not in tree] == []


def test_nothing_is_left_behind(demo: Finished) -> None:
    """After the demo no process of it runs on."""
    assert demo.status == 0
    assert [
        child.cmdline()
        for child in psutil.Process().children(recursive=True)
        if "authstream.cli" in child.cmdline()
    ] == []
