"""An action breaks."""

from __future__ import annotations

from tests.local_flow import LocalFlow

CLAIM = 'api.id_token.set_custom_claim("tier", "gold")'
BROKEN = 'api.id_token.set_custom_claim("half", 1)\nraise RuntimeError("CRM is down")'


async def test_an_error_fails_the_login(flow: LocalFlow) -> None:
    """Nobody gets in by an accident, and nothing that was asked for is done."""
    flow.action("remember", 'api.user.set_app_metadata("seen", True)')
    flow.action("crm", BROKEN)
    flow.action("claims", CLAIM)
    verdict = await flow.login()
    assert (verdict.outcome, verdict.code) == ("failed", "action_error")
    assert "CRM is down" in (verdict.reason or "")
    assert (verdict.claims.id_token, flow.patches()) == ({}, [])


async def test_an_action_that_may_fail_is_skipped(flow: LocalFlow) -> None:
    """With `on_error: skip` only its own commands are lost, and the verdict lists the error."""
    flow.action("crm", BROKEN, on_error="skip")
    flow.action("claims", CLAIM)
    verdict = await flow.login()
    assert (verdict.outcome, verdict.claims.id_token) == ("allowed", {"tier": "gold"})
    assert [step.status for step in verdict.steps] == ["error", "ok"]


async def test_an_action_that_takes_too_long_is_stopped(flow: LocalFlow) -> None:
    """Each step has a time limit; a login does not hang."""
    flow.action("slow", "import time\ntime.sleep(30)", timeout="200ms")
    verdict = await flow.login()
    assert (verdict.outcome, verdict.code) == ("failed", "action_timeout")
