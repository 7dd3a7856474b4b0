"""An action says no."""

from __future__ import annotations

from tests.local_flow import LocalFlow
from tests.samples import TOPICS

DENY = 'api.access.deny("Not from there.")'


async def test_a_denial_ends_the_flow_early(flow: LocalFlow) -> None:
    """Later actions never run: nothing was ever written to their topic."""
    flow.action("risk", DENY)
    flow.action("claims", 'api.id_token.set_custom_claim("tier", "gold")')
    verdict = await flow.login()
    assert (verdict.outcome, verdict.denied_by) == ("denied", "risk")
    assert verdict.user_message == "Not from there."
    assert [(step.action, step.status) for step in verdict.steps] == [
        ("risk", "denied"),
        ("claims", "not_run"),
    ]
    assert flow.broker.records(TOPICS.action("default", "claims")) == []


async def test_a_denial_keeps_what_was_remembered_so_far(flow: LocalFlow) -> None:
    """Metadata is written also for who was turned away; claims are for nobody."""
    flow.action("remember", 'api.user.set_app_metadata("tried", True)')
    flow.action("risk", DENY)
    verdict = await flow.login()
    assert verdict.outcome == "denied"
    assert [patch.app_metadata for patch in flow.patches()] == [{"tried": True}]
