"""A provider asks again."""

from __future__ import annotations

from tests.local_flow import LocalFlow

RANDOM = """
import uuid
api.id_token.set_custom_claim("run", str(uuid.uuid4()))
api.effects.send("log", {"message": "x"})
"""


async def test_a_retry_gets_the_same_verdict(flow: LocalFlow) -> None:
    """Same event id, same answer, byte for byte, even after every process was restarted."""
    flow.action("claims", RANDOM)
    verdict = await flow.login("login-1")
    assert await flow.login("login-1") == verdict
    assert len({reply.value for reply in flow.replies()}) == 1


async def test_a_retry_does_nothing_twice(flow: LocalFlow) -> None:
    """Its effects are those of the first time, under the same id."""
    flow.action("claims", RANDOM)
    for _ in range(3):
        await flow.login("login-1")
    assert len({effect.id for effect in flow.effects("log")}) == 1


async def test_another_login_is_another_flow(flow: LocalFlow) -> None:
    """Another event id: decided anew."""
    flow.action("claims", RANDOM)
    assert (await flow.login("login-1")).claims != (await flow.login("login-2")).claims
