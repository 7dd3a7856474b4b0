"""Supabase's e-mails and text messages: an action sends them, or Supabase is told that none did."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from standardwebhooks import Webhook

from authstream.apps.stages import triggers
from authstream.contracts.verdict import StepResult
from authstream.engine.provider import Refusal
from authstream.idp.supabase import PLUGIN
from tests.provider_calls import SECRET, Example, examples, peer
from tests.samples import verdict

MINE = peer(PLUGIN)
SENT = {"send_email": "custom-email-provider", "send_sms": "custom-phone-provider"}


def example(hook: str) -> Example:
    """Supabase's own call."""
    return next(one for one in examples() if one.provider is PLUGIN and one.sample.hook == hook)


def answered(hook: str, *statuses: str) -> dict[str, Any]:
    """What Supabase is told when the steps of the flow ended so."""
    asked = PLUGIN.parse(example(hook).call(), MINE)
    ran = tuple(StepResult(action="send", version=1, status=one, ms=1) for one in statuses)
    said: dict[str, Any] = orjson.loads(PLUGIN.allow(asked, verdict(steps=ran), MINE).body)
    return said


@pytest.mark.parametrize(("hook", "trigger"), SENT.items())
def test_a_message_is_an_event_of_its_trigger(hook: str, trigger: str) -> None:
    """With whom it is for and the code that is in it."""
    asked = PLUGIN.parse(example(hook).call(), MINE)
    assert asked.trigger == trigger
    message = triggers()[trigger].parse(orjson.dumps(asked.event))["notification"]
    assert message["code"] == "123456"
    assert message.get("to", message.get("recipient")) in ("ada@example.com", "15550100")


def test_all_that_supabase_says_of_an_email_is_there() -> None:
    """A link needs its hash and where it leads; none of it gets into a dead letter."""
    asked = PLUGIN.parse(example("send_email").call(), MINE)
    notification = asked.event["notification"]
    assert notification["message_type"] == "signup"
    assert notification["email_data"]["token_hash"] == "pkce_7f1c"
    kept = triggers()["custom-email-provider"].stripped(orjson.dumps(asked.event)) or b""
    assert b"123456" not in kept
    assert b"pkce_7f1c" not in kept


@pytest.mark.parametrize("hook", SENT)
def test_sent_is_what_an_action_did(hook: str) -> None:
    """Success for Supabase only when an action ran to its end."""
    assert answered(hook, "skipped", "ok") == {}


@pytest.mark.parametrize("hook", SENT)
@pytest.mark.parametrize("statuses", [(), ("skipped",), ("error",)])
def test_what_nobody_sent_is_an_error(hook: str, statuses: tuple[str, ...]) -> None:
    """Else the user would wait for a message that never comes."""
    error = answered(hook, *statuses)["error"]
    assert (error["http_code"], SENT[hook] in error["message"]) == (500, True)


def test_a_message_that_failed_says_why() -> None:
    """The action's own reason."""
    asked = PLUGIN.parse(example("send_email").call(), MINE)
    refusal = Refusal("The mailbox is full.", "notification_drop")
    said = orjson.loads(PLUGIN.deny(asked, refusal, MINE).body)
    assert said["error"]["message"] == "The mailbox is full."


def test_an_attempt_can_be_judged_where_the_connection_wants_it() -> None:
    """Whether it was right is in the request's body."""
    asked = PLUGIN.parse(example("password_verification").call(), MINE)
    assert (asked.trigger, asked.event["request"]["body"]) == (None, {"valid": True})


@pytest.mark.parametrize("hook", ["custom_access_token", "send_email"])
def test_the_specifications_own_library_agrees(hook: str) -> None:
    """It takes the signature that ours takes, and makes one that ours takes."""
    call = example(hook).call()
    theirs = Webhook(SECRET.removeprefix("v1,"))
    assert theirs.verify(call.body, dict(call.headers)) == orjson.loads(call.body)
