"""A login has consequences elsewhere."""

from __future__ import annotations

from tests.local_flow import LocalFlow

WELCOME = """
api.effects.send("email", {"to": event.user.email, "subject": "Welcome", "text": "Hello"})
"""
FIRST_LOGIN = "event.stats.logins_count == 1"


async def test_the_first_login_orders_an_e_mail(flow: LocalFlow) -> None:
    """The action only asks; the mail is sent downstream, once, after the login is decided."""
    flow.action("welcome", WELCOME, when=FIRST_LOGIN)
    verdict = await flow.login(stats={"logins_count": 1})
    (effect,) = flow.effects("email")
    assert effect.payload["to"] == "ada@example.com"
    assert [order.id for order in verdict.effects] == [effect.id]


async def test_a_later_login_orders_none(flow: LocalFlow) -> None:
    """The condition is false, so the action is skipped."""
    flow.action("welcome", WELCOME, when=FIRST_LOGIN)
    verdict = await flow.login(stats={"logins_count": 2})
    assert [step.status for step in verdict.steps] == ["skipped"]
    assert flow.effects("email") == []


async def test_a_denied_login_sends_nothing(flow: LocalFlow) -> None:
    """Unless an effect was ordered for that case."""
    flow.action("welcome", WELCOME)
    flow.action("alarm", 'api.effects.send("log", {"message": "denied"}, {"on": "denied"})')
    flow.action("risk", 'api.access.deny("no")')
    await flow.login()
    assert flow.effects("email") == []
    assert [effect.payload for effect in flow.effects("log")] == [{"message": "denied"}]
