"""Actions run one after another, and a later one sees what an earlier one changed."""

from __future__ import annotations

from tests.local_flow import LocalFlow


async def test_a_later_action_sees_what_an_earlier_one_shared(flow: LocalFlow) -> None:
    """Transaction metadata travels within the login, and nowhere else."""
    flow.action("crm", 'api.transaction.set_metadata("tier", "gold")')
    flow.action(
        "claims", 'api.id_token.set_custom_claim("tier", event.transaction.metadata["tier"])'
    )
    verdict = await flow.login()
    assert verdict.claims.id_token == {"tier": "gold"}
    assert flow.patches() == []


async def test_a_later_action_sees_queued_metadata_as_if_it_were_written(flow: LocalFlow) -> None:
    """A value replaces its whole top-level key, null removes one."""
    flow.action(
        "first",
        """
        api.user.set_app_metadata("plan", {"name": "new"})
        api.user.set_app_metadata("old", None)
        """,
    )
    flow.action("second", 'api.id_token.set_custom_claim("seen", dict(event.user.app_metadata))')
    before = {"plan": {"name": "old", "since": 2001}, "old": 1, "kept": 2}
    verdict = await flow.login(user={"user_id": "u", "app_metadata": before})
    assert verdict.claims.id_token == {"seen": {"plan": {"name": "new"}, "kept": 2}}


async def test_an_action_does_not_see_claims(flow: LocalFlow) -> None:
    """Of two that set the same claim, the later one wins without knowing of the earlier."""
    flow.action("first", 'api.id_token.set_custom_claim("tier", "new")')
    flow.action("second", 'api.id_token.set_custom_claim("tier", "gold")')
    assert (await flow.login()).claims.id_token == {"tier": "gold"}
