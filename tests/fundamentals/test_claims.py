"""An action adds claims to tokens."""

from __future__ import annotations

from tests.local_flow import LocalFlow


async def test_a_claim_reaches_the_token(flow: LocalFlow) -> None:
    """What an action sets is in the verdict, which the provider puts into the token."""
    flow.action("claims", 'api.id_token.set_custom_claim("tier", "gold")')
    verdict = await flow.login()
    assert verdict.outcome == "allowed"
    assert verdict.claims.id_token == {"tier": "gold"}


async def test_a_claim_that_may_not_be_set_is_said_to_be_dropped(flow: LocalFlow) -> None:
    """A restricted name does not fail the login, and it is not dropped in silence."""
    flow.action("claims", 'api.id_token.set_custom_claim("sub", "somebody else")')
    verdict = await flow.login()
    assert verdict.claims.id_token == {}
    assert [(one.action, one.target) for one in verdict.dropped] == [("claims", "sub")]


async def test_claims_can_come_from_the_event(flow: LocalFlow) -> None:
    """An action reads who logs in, where, and with what."""
    flow.action("claims", 'api.access_token.set_custom_claim("shop", event.client.name)')
    verdict = await flow.login(client={"client_id": "c1", "name": "Shop"})
    assert verdict.claims.access_token == {"shop": "Shop"}
