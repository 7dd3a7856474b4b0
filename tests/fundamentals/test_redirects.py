"""A flow waits for its browser: redirect, form or MFA, then the same action goes on.

All stages start anew for each step of a test: what a flow needs is in the log.
"""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest

from authstream.contracts.verdict import Verdict
from tests.local_flow import LocalFlow
from tests.samples import TOPICS

SEND = 'api.redirect.send_user_to("https://verify.example.com/start?lang=en")'
VERIFIED = 'api.id_token.set_custom_claim("verified", event.request.query.answer)'
EARLIER = 'api.id_token.set_custom_claim("earlier", "kept")'


def state_of(verdict: Verdict) -> str:
    """What brings a suspended flow on."""
    assert verdict.state is not None
    return verdict.state


async def test_a_redirect_suspends_the_flow_and_its_browser_brings_it_on(flow: LocalFlow) -> None:
    """The same action goes on with the new request, later ones follow, earlier ones do not rerun.

    Claims of before stay.
    """
    flow.action("first", EARLIER)
    flow.action("verify", SEND, continues=VERIFIED)
    flow.action("last", 'api.access_token.set_custom_claim("last", True)')
    left = await flow.login()
    url = urlsplit(f"{left.redirect['url']}")
    assert (left.outcome, left.leg, left.claims.id_token) == ("suspended", 0, {})
    assert url[:3] == ("https", "verify.example.com", "/start")
    assert parse_qsl(url.query) == [("lang", "en"), ("state", state_of(left))]
    assert [one.status for one in left.steps] == ["ok", "suspended", "not_run"]
    back = await flow.resume(state_of(left), request={"query": {"answer": "yes"}})
    assert (back.outcome, back.flow_id, back.leg) == ("allowed", left.flow_id, 1)
    assert back.claims.id_token == {"earlier": "kept", "verified": "yes"}
    assert back.claims.access_token == {"last": True}
    assert len(flow.broker.records(TOPICS.action("default", "first"))) == 1


async def test_metadata_is_written_before_the_browser_leaves_and_not_again(
    flow: LocalFlow,
) -> None:
    """Each leg's patch has what was asked for in it; later actions see all of it."""
    flow.action("first", 'api.user.set_app_metadata("seen", 1)')
    flow.action(
        "verify",
        f'api.transaction.set_metadata("step", "sent")\n{SEND}',
        continues='api.user.set_user_metadata("step", event.transaction.metadata.step)',
    )
    flow.action("last", 'api.id_token.set_custom_claim("seen", event.user.app_metadata.seen)')
    left = await flow.login()
    assert [(one.leg, one.app_metadata) for one in flow.patches()] == [(0, {"seen": 1})]
    back = await flow.resume(state_of(left))
    patches = [(one.leg, one.app_metadata, one.user_metadata) for one in flow.patches()]
    assert patches[1:] == [(1, {}, {"step": "sent"})]
    assert back.claims.id_token == {"seen": 1}


async def test_an_effect_of_a_suspension_is_sent_at_once_and_once(flow: LocalFlow) -> None:
    """`on` says of which end an effect is part: one for `allowed` waits until there is one."""
    flow.action(
        "verify",
        f"""\
        api.effects.send("log", {{"message": "1"}}, on="suspended")
        api.effects.send("log", {{"message": "2"}}, on="always")
        api.effects.send("log", {{"message": "3"}})
        api.effects.send("log", {{"message": "4"}}, on="denied")
        {SEND}
        """,
        continues='api.effects.send("log", {"message": "5"}, on="suspended")',
    )
    left = await flow.login()
    assert [one.payload["message"] for one in flow.effects("log")] == ["1", "2"]
    await flow.resume(state_of(left))
    effects = flow.effects("log")
    assert [one.payload["message"] for one in effects] == ["1", "2", "3"]
    assert len({one.id for one in effects}) == 3


async def test_a_form_is_rendered_and_its_answers_are_in_the_event(flow: LocalFlow) -> None:
    """`prompt.render` leaves without a redirect; `event.prompt` is what the form gave."""
    flow.action(
        "consent",
        'api.prompt.render("consent-form", {"vars": {"version": 3}})',
        continues='api.id_token.set_custom_claim("consent", event.prompt.fields.agreed)',
    )
    left = await flow.login()
    assert (left.outcome, left.redirect) == ("suspended", {})
    assert left.prompt == {"id": "consent-form", "fields": {}, "vars": {"version": 3}}
    prompt = {"id": "consent-form", "fields": {"agreed": True}}
    back = await flow.resume(state_of(left), prompt=prompt)
    assert back.claims.id_token == {"consent": True}


async def test_mfa_needs_no_handler_of_its_own(flow: LocalFlow) -> None:
    """After a challenge the next action runs, and sees how the user was authenticated."""
    flow.action("otp", 'api.authentication.challenge_with({"type": "otp"})')
    flow.action(
        "claims",
        'api.id_token.set_custom_claim("by", [m.name for m in event.authentication.methods])',
    )
    left = await flow.login()
    assert left.mfa == {
        "steps": [{"type": "challenge", "factor": {"type": "otp"}, "additional_factors": []}]
    }
    methods = [{"name": "pwd"}, {"name": "mfa"}]
    back = await flow.resume(state_of(left), authentication={"methods": methods})
    assert (back.outcome, back.claims.id_token) == ("allowed", {"by": ["pwd", "mfa"]})


async def test_a_redirect_needs_a_handler_that_goes_on(flow: LocalFlow) -> None:
    """As Auth0 documents: without one, the redirect does not work."""
    flow.action("verify", SEND)
    back = await flow.resume(state_of(await flow.login()))
    assert (back.outcome, back.code) == ("failed", "action_error")
    assert "onContinuePostLogin" in (back.reason or "")


async def test_a_flow_may_be_suspended_again(flow: LocalFlow) -> None:
    """Each leg has a state of its own, and the time of a whole leg."""
    once_more = """\
    if "again" in event.request.get("query", {}):
        api.user.set_app_metadata("twice", True)
        api.redirect.send_user_to("https://verify.example.com/again")
    """
    flow.action("verify", SEND, continues=once_more)
    flow.action("second", SEND, continues=VERIFIED)
    first = await flow.login()
    second = await flow.resume(state_of(first), request={"query": {"again": "1"}})
    assert (second.outcome, second.leg) == ("suspended", 1)
    assert second.requested_at > first.requested_at
    third = await flow.resume(state_of(second))
    assert (third.outcome, third.leg, third.steps[0].status) == ("suspended", 2, "ok")
    last = await flow.resume(state_of(third), request={"query": {"answer": "ok"}})
    assert (last.outcome, last.leg, last.claims.id_token) == ("allowed", 3, {"verified": "ok"})
    assert [one.leg for one in flow.patches()] == [1]


async def test_a_denial_wins_over_a_redirect(flow: LocalFlow) -> None:
    """Nobody is sent away to be let in afterwards; the verdict says what was not done."""
    flow.action("both", f'{SEND}\napi.access.deny("No.")')
    verdict = await flow.login()
    assert (verdict.outcome, verdict.state, verdict.redirect) == ("denied", None, {})
    assert [one.command for one in verdict.dropped] == ["redirect.sendUserTo"]
    assert flow.broker.records(TOPICS.suspended) == []


async def test_a_resumed_flow_can_be_denied(flow: LocalFlow) -> None:
    """Metadata of before the redirect is written already and stays."""
    flow.action("verify", SEND, continues='api.access.deny("Not verified.")')
    flow.action("last", VERIFIED)
    back = await flow.resume(state_of(await flow.login()))
    assert (back.outcome, back.denied_by, back.leg) == ("denied", "verify", 1)


@pytest.mark.parametrize(
    ("transaction", "code"),
    [
        ({"prompt": ["none"]}, "interaction_required"),
        ({"protocol": "oauth2-refresh-token"}, "redirect_unsupported"),
    ],
)
async def test_a_login_without_a_browser_cannot_be_suspended(
    flow: LocalFlow, transaction: dict[str, object], code: str
) -> None:
    """The provider gets an error that says so, and nothing waits."""
    flow.action("verify", SEND, continues=VERIFIED)
    verdict = await flow.login(transaction=transaction)
    assert (verdict.outcome, verdict.code) == ("failed", code)
    assert flow.broker.records(TOPICS.suspended) == []


async def test_a_second_click_runs_nothing_twice(flow: LocalFlow) -> None:
    """The same browser gets the verdict that there is; another one gets an error."""
    flow.action("verify", SEND, continues=VERIFIED)
    state = state_of(await flow.login())
    first = await flow.resume(state, browser="a1", request={"query": {"answer": 1}})
    again = await flow.resume(state, browser="a1", request={"query": {"answer": 2}})
    other = await flow.resume(state, browser="b2", request={"query": {"answer": 3}})
    nobody = await flow.resume(state)
    assert (again, first.claims.id_token) == (first, {"verified": 1})
    assert [(one.outcome, one.code) for one in (other, nobody)] == [("failed", "state_used")] * 2
    assert len(flow.broker.records(TOPICS.action("default", "verify"))) == 2
