"""effect orders: an action hears of a payload that its kind cannot take."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from authstream.apps.stages import deliveries
from authstream.engine.effect_orders import CheckedOrders, refusal
from authstream.engine.program import Invocation, Outcome, RecordedCommand

GOOD: RecordedCommand = ("effects.send", ("log", {"message": "hello"}))


@pytest.mark.parametrize(
    ("kind", "payload", "said"),
    [
        ("log", {}, "log: message: Field required"),
        ("email", {"to": 1, "subject": "s", "text": "t"}, "email: to: "),
        ("fax", {}, "no kind 'fax' is installed, there are ['email'"),
    ],
)
def test_an_order_that_cannot_be_taken_is_refused(
    kind: str, payload: dict[str, object], said: str
) -> None:
    """The text names kind and member, not what the payload holds."""
    assert said in (refusal([GOOD, ("effects.send", (kind, payload))], deliveries()) or "")


def test_other_commands_are_not_looked_at() -> None:
    """Only orders have payloads."""
    assert refusal([GOOD, ("access.deny", ("no",))], deliveries()) is None


class Ran:
    """Gives one outcome."""

    def __init__(self, *commands: RecordedCommand) -> None:
        self.commands = commands

    async def run(self, _invocation: Invocation) -> Outcome:
        """It was well."""
        return Outcome("ok", self.commands, (), None, datetime.now(UTC), timedelta(0))


async def test_a_refused_order_fails_the_run() -> None:
    """None of its commands counts, as when a call is refused."""
    invocation = Invocation("h", b"{}", (), timedelta(seconds=1))
    good = await CheckedOrders(Ran(GOOD), deliveries()).run(invocation)
    bad = await CheckedOrders(Ran(GOOD, ("effects.send", ("log", {}))), deliveries()).run(
        invocation
    )
    assert (good.status, good.commands) == ("ok", (GOOD,))
    assert (bad.status, bad.commands) == ("error", ())
    assert bad.error is not None
    assert "message" in bad.error
