"""An effect goes to the tenant's own action where one is bound, and does as the action says."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import orjson
import pytest

from authstream.contracts.effect import Effect
from authstream.contracts.verdict import Retry, StepResult, Verdict
from authstream.effects.email import EmailDelivery
from authstream.effects.sms import SmsDelivery
from authstream.engine.delivery import Attempt, Delivery
from authstream.engine.plan import Binding, BreakGlass, Flow
from authstream.errors import DeliveryError, DroppedError
from authstream.publisher.request import LoginEvent, NoVerdictError
from authstream.stages.own_provider import OwnProvider
from tests.contract.test_effect_kinds import PAYLOADS, effect

EMAIL, PHONE, CODES = "custom-email-provider", "custom-phone-provider", "send-phone-message"
EXEMPT = frozenset([EMAIL, PHONE, CODES])


class Bound:
    """Flows of one action each, for the tenant `acme` only."""

    def __init__(self, *triggers: str, **members: Any) -> None:
        binding = Binding("mailer", 1, "topic", enabled=members.pop("enabled", True))
        self._flows = {name: Flow("acme", name, (binding,), **members) for name in triggers}

    def choose(self, tenant: str, trigger: str) -> Flow | None:
        """The flow of a trigger."""
        return self._flows.get(trigger) if tenant == "acme" else None


class Answering:
    """Answers every question in the same way."""

    def __init__(self, outcome: str = "allowed", step: str = "ok", **members: Any) -> None:
        self.asked: list[LoginEvent] = []
        self.closed = False
        self._said = {"outcome": outcome, **members}
        self._step = StepResult(action="mailer", version=1, status=step, ms=1)

    async def decide(self, event: LoginEvent, timeout: timedelta) -> Verdict:
        """The verdict."""
        assert timeout > timedelta(0)
        self.asked.append(event)
        known = {"flow_id": "f", "leg": 0, "tenant": "acme", "trigger": event.trigger}
        times = {"requested_at": 0, "decided_at": 0, "subject": "u"}
        return Verdict.model_validate({**known, **times, **self._said, "steps": (self._step,)})

    async def close(self) -> None:
        """Remember it."""
        self.closed = True


class Silent(Answering):
    """Nobody decides."""

    async def decide(self, event: LoginEvent, timeout: timedelta) -> Verdict:
        """No verdict."""
        raise NoVerdictError(f"no verdict on {event.id} within {timeout}")


class Plain(EmailDelivery):
    """The kind's own way, which only counts."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[str] = []

    async def deliver(self, effect: Effect) -> None:
        """One more."""
        self.sent.append(effect.id)


def through(kind: Delivery, flows: Bound, answering: Callable[[], Answering]) -> OwnProvider:
    """The kind with these flows bound."""
    return OwnProvider(kind, flows, connect=answering, exempt=EXEMPT)


def mail(**members: Any) -> Effect:
    """An e-mail from a template."""
    values = {"name": "Ada"}
    payload = {"to": "ada@example.com", "template": "welcome", "values": values}
    return effect("email", payload, subject="user-1", **members)


async def test_the_action_gets_the_rendered_mail() -> None:
    """As Auth0's event has it; nothing goes out by SMTP.

    Each try has an id of its own, the same after a crash, another when an operator asks again.
    """
    plain, answering = Plain(), Answering()
    kind = through(plain, Bound(EMAIL), lambda: answering)
    assert kind.destination(mail()) == f"{EMAIL} of acme"
    tries = [Attempt(1, 7), Attempt(2, 7), Attempt(1, 7), Attempt(1, 9)]
    for one in tries:
        await kind.attempt(mail(), one)
    first, *_ = answering.asked
    said = orjson.loads(first.data)
    assert (said["tenant"], said["user"]) == ({"id": "acme"}, {"user_id": "user-1"})
    notification = said["notification"]
    assert (notification["to"], notification["message_type"]) == (
        "ada@example.com",
        "welcome_email",
    )
    assert notification["subject"] == "Welcome, Ada"
    assert "Ada" in notification["text"]
    assert "<" in notification["html"]
    assert said["transaction"]["id"] == mail().id
    assert first.trigger == EMAIL
    ids = [f"{mail().id}/{one}" for one in ("7/1", "7/2", "7/1", "9/1")]
    assert [asked.id for asked in answering.asked] == ids
    assert plain.sent == []
    await kind.stop()
    assert answering.closed


@pytest.mark.parametrize("trigger", [PHONE, CODES])
async def test_a_text_message_goes_to_either_trigger(trigger: str) -> None:
    """The newer one first, where both are bound."""
    answering = Answering()
    bound = Bound(CODES) if trigger == CODES else Bound(PHONE, CODES)
    await through(SmsDelivery(), bound, lambda: answering).deliver(effect("sms", PAYLOADS["sms"]))
    (asked,) = answering.asked
    said = orjson.loads(asked.data)
    message = said["message_options" if trigger == CODES else "notification"]
    assert (asked.trigger, message["recipient"]) == (trigger, PAYLOADS["sms"]["to"])
    assert message["text" if trigger == CODES else "as_text"] == "hello"


@pytest.mark.parametrize(
    ("bound", "ordered"),
    [
        (Bound(), mail()),
        (Bound(EMAIL), mail(tenant="other")),
        (Bound(EMAIL), mail(trigger=EMAIL)),
        (Bound(EMAIL), mail(trigger=PHONE)),
        (Bound(EMAIL, enabled=False), mail()),
        (Bound(EMAIL, break_glass=BreakGlass("allow-all", 2**53, "fire")), mail()),
    ],
    ids=["nothing", "another-tenant", "its-own", "another-provider", "disabled", "emergency"],
)
async def test_without_an_action_it_goes_the_kinds_own_way(bound: Bound, ordered: Effect) -> None:
    """Also what such an action orders itself: it would come back to it for ever."""
    plain, answering = Plain(), Answering()
    kind = through(plain, bound, lambda: answering)
    assert kind.destination(ordered) == plain.destination(ordered)
    await kind.deliver(ordered)
    assert (plain.sent, answering.asked) == ([ordered.id], [])


async def test_a_condition_leaves_some_to_the_kind() -> None:
    """An action that was not meant to run has delivered nothing."""
    plain = Plain()
    await through(plain, Bound(EMAIL), lambda: Answering(step="skipped")).deliver(mail())
    assert plain.sent == [mail().id]


async def test_a_dropped_message_is_no_failure() -> None:
    """The action says that it is not to be sent, and why."""
    said = {"notification": {"status": "drop", "reason": "no consent"}, "reason": "no consent"}
    kind = through(Plain(), Bound(EMAIL), lambda: Answering("denied", "denied", **said))
    with pytest.raises(DroppedError, match="no consent"):
        await kind.deliver(mail())


async def test_a_retry_waits_as_the_verdict_says_and_ends() -> None:
    """One more try for each wait; other tenants' messages are not held up."""
    retry = Retry(waits_ms=(10_000, 20_000))
    said = {"notification": {"status": "retry", "reason": "busy"}, "retry": retry}
    kind = through(Plain(), Bound(EMAIL), lambda: Answering("denied", "denied", **said))
    found: list[tuple[timedelta | None, bool]] = []
    for number in (1, 2, 3):
        with pytest.raises(DeliveryError) as failed:
            await kind.attempt(mail(), Attempt(number, 0))
        found.append((failed.value.retry_after, failed.value.permanent))
        assert not failed.value.down
    assert found == [(timedelta(seconds=10), False), (timedelta(seconds=20), False), (None, True)]


@pytest.mark.parametrize(
    ("answering", "permanent"),
    [
        (Answering("failed", "error", code="action_error"), True),
        (Answering("allowed", "error"), True),
        (Answering("failed", "timeout", code="action_timeout"), False),
        (Silent(), False),
    ],
    ids=["throws", "throws-and-is-skipped", "too-slow", "no-verdict"],
)
async def test_a_failure_is_told_apart(answering: Answering, *, permanent: bool) -> None:
    """A mistake in the action would be there next time; a slow one may not."""
    kind = through(Plain(), Bound(EMAIL), lambda: answering)
    with pytest.raises(DeliveryError) as failed:
        await kind.deliver(mail())
    assert failed.value.permanent is permanent
