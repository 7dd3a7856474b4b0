"""action: an action that sends the browser away suspends its flow, and goes on in the next leg."""

from __future__ import annotations

from typing import Any

import pytest

from authstream.contracts.avro import decode, encode
from authstream.contracts.envelope import Command, Envelope, Slip, Thrown
from authstream.engine.ports import ManualClock, Output
from authstream.engine.state import StateKeys
from authstream.stages.action import Action
from tests.samples import FLOW, NOW, TOPICS, TRIGGERS, command, envelope, message, run, step
from tests.unit.test_action_stage import FakeVersions, outcome

CRM, NEXT = step("crm"), step("next")
KEYS = StateKeys(b"key", prefix="auth")
REDIRECT = ("redirect.sendUserTo", ("https://a.example/",))
CHALLENGE = ("authentication.challengeWith", ({"type": "otp"},))
CLAIM = ("idToken.setCustomClaim", ("a", 1))
NO_HANDLER = Thrown(
    name="NoHandlerError",
    message="the action has onExecutePostLogin, but not onContinuePostLogin",
)


async def output_of(
    said: Envelope, *made: Any, keys: StateKeys | None = KEYS, **members: Any
) -> tuple[Output, FakeVersions]:
    """What the stage of `crm` writes first, and what it ran."""
    versions = FakeVersions(outcome(members.pop("status", "ok"), *made, **members))
    stage = Action(
        CRM.topic,
        name="crm",
        versions=versions,
        topics=TOPICS,
        triggers=TRIGGERS,
        clock=ManualClock(NOW),
        slip_key=None,
        state_keys=keys,
    )
    (output,) = await stage.handle(message(CRM.topic, encode(said), partition=3))
    return output, versions


def waiting(*commands: Command, **members: Any) -> Envelope:
    """A flow that waits for `crm`."""
    said: dict[str, Any] = {"slip": Slip(steps=(CRM, NEXT)), "runs": (), **members}
    return envelope(*commands, **said)


def back(*commands: Command) -> Envelope:
    """The same flow in its second leg."""
    return waiting(*commands, leg=1, runs=(run("crm", "suspended"),))


async def test_the_envelope_waits_in_the_log_and_assemble_hears_where() -> None:
    """First the waiting envelope, then, with its offset in a signed state, the leg's end."""
    output, _ = await output_of(waiting(), CLAIM, REDIRECT)
    assert (output.topic, output.partition) == (TOPICS.suspended, 3)
    there = decode(Envelope, output.value)
    assert (there.runs[-1].status, there.slip.position, there.state) == ("suspended", 0, None)
    assert output.then is not None
    (told,) = output.then(4_711)
    said = decode(Envelope, told.value)
    assert (told.topic, told.partition, said.event) == (TOPICS.assemble, None, there.event)
    assert [one.name for one in said.commands] == ["idToken.setCustomClaim", "redirect.sendUserTo"]
    state = KEYS.opened(said.state or "")
    assert (state.flow_id, state.leg, state.partition, state.offset) == (FLOW, 0, 3, 4_711)
    assert state.expires_at == NOW + 15 * 60 * 1000


async def test_an_action_goes_on_with_its_other_handler() -> None:
    """And what it makes belongs to the new leg; the next action is as ever."""
    output, versions = await output_of(back(), CLAIM)
    after = decode(Envelope, output.value)
    assert (output.topic, versions.runs[0].handler) == (NEXT.topic, "onContinuePostLogin")
    assert (after.commands[0].leg, after.runs[-1].leg) == (1, 1)
    _, versions = await output_of(waiting(leg=1, runs=(run("before"),)))
    assert versions.runs[0].handler == "onExecutePostLogin"


async def test_a_denial_wins() -> None:
    """Whatever else the action did."""
    output, _ = await output_of(waiting(), REDIRECT, ("access.deny", ("no",)))
    assert (output.topic, decode(Envelope, output.value).runs[-1].status) == (
        TOPICS.denied,
        "denied",
    )


async def test_a_flow_that_cannot_be_suspended_fails() -> None:
    """For want of a browser, or of a key; the answer says what to do."""
    for said, keys, reason in (
        (waiting(interactive=False), KEYS, "provider"),
        (waiting(), None, "AUTHSTREAM_STATE_KEY"),
    ):
        output, _ = await output_of(said, REDIRECT, keys=keys)
        failure = decode(Envelope, output.value).failure
        assert failure is not None
        assert (output.topic, failure.code) == (TOPICS.assemble, "redirect_unsupported")
        assert reason in failure.reason


@pytest.mark.parametrize(("made", "topic"), [(CHALLENGE, NEXT.topic), (REDIRECT, TOPICS.assemble)])
async def test_only_after_mfa_an_action_need_not_go_on(made: Any, topic: str) -> None:
    """Without a handler for it, the next one's turn is come; after a redirect it is an error."""
    said = back(command(made[0], *made[1], action="crm"))
    output, _ = await output_of(said, status="error", error=NO_HANDLER.text, thrown=NO_HANDLER)
    assert output.topic == topic


async def test_an_action_that_breaks_when_it_goes_on_fails_the_flow() -> None:
    """After MFA too."""
    said = back(command(CHALLENGE[0], *CHALLENGE[1], action="crm"))
    output, _ = await output_of(said, status="error", error="TypeError: no")
    assert output.topic == TOPICS.assemble
