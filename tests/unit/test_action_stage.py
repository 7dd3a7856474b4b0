"""action: runs its step on a flow and sends it on, whatever comes of the run."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from authstream.contracts import headers as h
from authstream.contracts.avro import decode, encode
from authstream.contracts.budgets import COMMANDS_BYTES, CONSOLE_CHARACTERS
from authstream.contracts.envelope import Envelope, Slip, Step, Thrown
from authstream.contracts.verdict import Claims
from authstream.engine.ports import ManualClock, Message, Output
from authstream.engine.program import Invocation, Outcome
from authstream.engine.signature import signed
from authstream.engine.state import StateKeys
from authstream.errors import RecordError
from authstream.stages.action import Action
from tests.samples import FLOW, NOW, TOPICS, TRIGGERS, command, envelope, fold, message, step

CRM, NEXT, LEFT_OUT = step("crm"), step("next"), step("left-out", skipped=True)
STATES = StateKeys(b"key", prefix="auth")
MILLISECOND = timedelta(milliseconds=1)
CLAIM = ("idToken.setCustomClaim", ("a", 1))
DENY = ("access.deny", ("no",))


def outcome(status: str = "ok", *commands: Any, **members: Any) -> Outcome:
    """What a run gives."""
    said: dict[str, Any] = {
        "status": status,
        "commands": commands,
        "console": (),
        "error": None if status == "ok" else f"it was {status}",
        "started_at": datetime.fromtimestamp(NOW / 1000, UTC),
        "duration": 12 * MILLISECOND,
    }
    return Outcome(**{**said, **members})


@dataclass
class FakeVersions:
    """Version 1 is deployed; each run has the given outcome and is remembered."""

    gives: Outcome = field(default_factory=outcome)
    runs: list[Invocation] = field(default_factory=list[Invocation])
    asked: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])

    async def runtime(self, version: int, control_offset: int) -> FakeVersions | None:
        """Itself for version 1."""
        self.asked.append((version, control_offset))
        return self if version == 1 else None

    async def run(self, invocation: Invocation) -> Outcome:
        """The given outcome."""
        self.runs.append(invocation)
        return self.gives


def action(
    versions: FakeVersions,
    *,
    now: int = NOW,
    slip_key: bytes | None = None,
    state_keys: StateKeys | None = None,
) -> Action:
    """The stage of `crm`."""
    return Action(
        CRM.topic,
        name="crm",
        versions=versions,
        topics=TOPICS,
        triggers=TRIGGERS,
        clock=ManualClock(now),
        slip_key=slip_key,
        state_keys=state_keys,
    )


def flow(*steps: Step, position: int = 0, **members: Any) -> Envelope:
    """A flow that waits for the step at a position."""
    return envelope(slip=Slip(steps=steps, position=position, control_offset=4), runs=(), **members)


async def handled(gives: Outcome, said: Envelope) -> tuple[str, Envelope]:
    """Where the one output goes, and what it is."""
    (output,) = await action(FakeVersions(gives)).handle(message(CRM.topic, encode(said)))
    return output.topic, decode(Envelope, output.value)


async def test_a_run_is_recorded_and_the_flow_goes_to_its_next_action() -> None:
    """Commands with their action, the run with version, times and console."""
    gives = outcome("ok", CLAIM, console=(("info", "hello"),))
    topic, after = await handled(gives, flow(CRM, LEFT_OUT, NEXT))
    assert (topic, after.slip.position) == (NEXT.topic, 2)
    assert after.commands == (command("idToken.setCustomClaim", "a", 1, action="crm"),)
    (ran,) = after.runs
    assert (ran.action, ran.version, ran.status, ran.duration_ms) == ("crm", 1, "ok", 12.0)
    assert (ran.started_at, [line.text for line in ran.console]) == (NOW, ["hello"])


async def test_after_the_last_action_a_flow_goes_to_assemble() -> None:
    """Skipped steps at the end are passed over."""
    topic, after = await handled(outcome(), flow(CRM, LEFT_OUT))
    assert (topic, after.slip.position, after.failure) == (TOPICS.assemble, 2, None)


async def test_an_action_gets_what_earlier_ones_changed() -> None:
    """The handler, the event as published, the visible changes, and the time that is left."""
    versions = FakeVersions()
    said = flow(CRM, commands=(command("user.setAppMetadata", "tier", "gold"), command(*CLAIM)))
    await action(versions, now=NOW + 19_000).handle(message(CRM.topic, encode(said)))
    (asked,) = versions.runs
    assert (asked.handler, asked.event) == ("onExecutePostLogin", said.event)
    assert [tuple(one) for one in asked.operations] == [
        ("set", "user.app_metadata", "tier", "gold")
    ]
    assert asked.timeout == 1_000 * MILLISECOND
    assert versions.asked == [(1, 4)]


async def test_a_denial_goes_to_the_deny_topic_at_once() -> None:
    """Later actions never see the flow; what was asked for before is kept."""
    topic, after = await handled(outcome("ok", CLAIM, DENY), flow(CRM, NEXT))
    assert (topic, after.runs[0].status, after.slip.position) == (TOPICS.denied, "denied", 0)
    assert [one.name for one in after.commands] == ["idToken.setCustomClaim", "access.deny"]


@pytest.mark.parametrize(
    ("status", "code"),
    [
        ("error", "action_error"),
        ("timeout", "action_timeout"),
        ("crashed", "action_error"),
        ("unavailable", "platform_error"),
    ],
)
async def test_a_run_that_fails_fails_the_flow(status: str, code: str) -> None:
    """By default: nothing that it asked for remains, and assemble hears of it at once.

    What the actions before asked for is there for the record of the execution only.
    """
    said = flow(CRM, NEXT, commands=(command(*CLAIM),))
    topic, after = await handled(outcome(status, DENY), said)
    assert topic == TOPICS.assemble
    assert after.failure is not None
    assert (after.failure.code, after.failure.action) == (code, "crm")
    assert after.failure.reason == f"it was {status}"
    assert (after.commands, after.runs[0].status) == (said.commands, status)
    assert fold(after, now=NOW).claims == Claims()


async def test_what_an_action_threw_is_in_its_run_in_parts() -> None:
    """The reason of the flow, which leaves the house, has no line of the action's code."""
    thrown = Thrown(name="CrmError", message="CRM is down", stack="action.js:3: await secretive()")
    gives = outcome("error", error=f"CrmError: CRM is down\n{thrown.stack}", thrown=thrown)
    _, after = await handled(gives, flow(CRM, NEXT))
    assert after.failure is not None
    assert after.failure.reason == "CrmError: CRM is down"
    assert (after.runs[0].thrown, after.runs[0].error) == (thrown, gives.error)


async def test_an_action_is_told_whether_the_browser_can_leave() -> None:
    """Not where the provider says no, nor where no key would sign the state."""
    told: list[bool] = []
    for keys, interactive in ((None, True), (STATES, True), (STATES, False)):
        versions = FakeVersions()
        stage = action(versions, state_keys=keys)
        said = flow(CRM).model_copy(update={"interactive": interactive})
        await stage.handle(message(CRM.topic, encode(said)))
        told.append(versions.runs[0].interactive)
    assert told == [False, True, False]


@pytest.mark.parametrize("status", ["error", "timeout", "crashed", "unavailable"])
async def test_a_step_may_be_skipped_when_it_fails(status: str) -> None:
    """`on_error: skip` leaves out that action's commands only and records the error."""
    earlier = command("idToken.setCustomClaim", "b", 2, action="before")
    said = flow(step("crm", on_error="skip"), NEXT, commands=(earlier,))
    topic, after = await handled(outcome(status, CLAIM), said)
    assert (topic, after.failure, after.commands) == (NEXT.topic, None, (earlier,))
    assert (after.runs[0].status, after.runs[0].error) == (status, f"it was {status}")


async def test_a_flow_past_its_deadline_is_not_run() -> None:
    """Nobody waits for it any more."""
    versions = FakeVersions()
    (output,) = await action(versions, now=NOW + 20_000).handle(
        message(CRM.topic, encode(flow(CRM)))
    )
    failure = decode(Envelope, output.value).failure
    assert (failure and failure.code, versions.runs) == ("timeout", [])


async def test_a_version_that_is_not_deployed_fails_the_flow() -> None:
    """Another version never runs in its place."""
    versions = FakeVersions()
    said = flow(step("crm", version=9))
    (output,) = await action(versions).handle(message(CRM.topic, encode(said)))
    failure = decode(Envelope, output.value).failure
    assert (failure and failure.code, versions.runs) == ("unknown_version", [])


async def test_commands_over_their_budget_are_an_error_of_the_action() -> None:
    """256 kB for each action; none of them is kept."""
    huge = ("user.setAppMetadata", ("a", "x" * COMMANDS_BYTES))
    _, after = await handled(outcome("ok", CLAIM, huge), flow(CRM))
    assert after.failure is not None
    assert (after.failure.code, after.commands) == ("action_error", ())
    assert f"{COMMANDS_BYTES}" in after.failure.reason


async def test_a_console_is_cut() -> None:
    """4 kB for each run."""
    lines = tuple(("info", "x" * 3_000) for _ in range(3))
    _, after = await handled(outcome(console=lines), flow(CRM))
    assert sum(len(line.text) for line in after.runs[0].console) == CONSOLE_CHARACTERS


async def refusal(record: Message, *, slip_key: bytes | None = None) -> tuple[Output, list[Output]]:
    """Dead letter and further outputs for a record that the stage refuses."""
    versions = FakeVersions()
    stage = action(versions, slip_key=slip_key)
    with pytest.raises(RecordError) as caught:
        await stage.handle(record)
    assert versions.runs == []
    letter, *answers = stage.refuse(record, caught.value)
    assert letter.topic == TOPICS.dead_letter
    return letter, answers


@pytest.mark.parametrize("position", [1, 2])
async def test_a_flow_that_is_not_at_this_step_is_refused(position: int) -> None:
    """Sent to the wrong topic, or already done: a dead letter, and the caller is answered."""
    letter, (answer,) = await refusal(
        message(CRM.topic, encode(flow(CRM, NEXT, position=position)))
    )
    assert h.text(letter.headers, h.DEAD_REASON) == "misrouted"
    failure = decode(Envelope, answer.value).failure
    assert (answer.topic, failure and failure.code) == (TOPICS.assemble, "misrouted")


async def test_a_flow_that_is_not_signed_is_refused() -> None:
    """Where a key is configured; a signed one runs."""
    letter, _ = await refusal(message(CRM.topic, encode(flow(CRM))), slip_key=b"key")
    assert h.text(letter.headers, h.DEAD_REASON) == "unsigned_slip"
    stage = action(FakeVersions(), slip_key=b"key")
    (output,) = await stage.handle(message(CRM.topic, encode(signed(flow(CRM), b"key"))))
    assert output.topic == TOPICS.assemble


async def test_an_undecodable_record_of_a_known_flow_is_answered() -> None:
    """Its headers say whose it is; the answer goes under the record's own key."""
    said = {h.FLOW_ID: FLOW, h.LEG: "2", h.TENANT: "default", h.TRIGGER: "post-login"}
    said |= {h.REQUESTED_AT: f"{NOW - 50}", h.REPLY_PARTITION: "3"}
    _, (answer,) = await refusal(message(CRM.topic, b"garbage", headers=said))
    failed = decode(Envelope, answer.value)
    assert (failed.flow_id, failed.leg, failed.requested_at) == (FLOW, 2, NOW - 50)
    assert (answer.key, h.number(answer.headers, h.REPLY_PARTITION)) == (b"default/user-1", 3)


async def test_an_undecodable_record_of_nobody_is_only_kept() -> None:
    """There is nobody to answer."""
    letter, answers = await refusal(message(CRM.topic, b"garbage"))
    assert (letter.value, answers) == (b"garbage", [])


async def test_secrets_of_an_event_are_not_in_a_dead_letter() -> None:
    """Neither in an envelope nor in what is left of one."""
    event = b'{"request": {"body": {"password": "hunter2"}}}'
    value = encode(flow(NEXT, event=event))
    letter, _ = await refusal(message(CRM.topic, value))
    assert decode(Envelope, letter.value).event == b'{"request":{"body":{}}}'
    letter, _ = await refusal(message(CRM.topic, value[:-9]))
    assert letter.value == b""


async def test_an_envelope_that_grew_over_its_budget_fails_its_flow() -> None:
    """The stub that says so is small; nothing goes out that a broker would refuse."""
    whole = tuple(command("user.setAppMetadata", f"{n}", "x" * 200_000) for n in range(4))
    gives = outcome("ok", ("user.setAppMetadata", ("k", "x" * 200_000)))
    stage, record = (
        action(FakeVersions(gives)),
        message(CRM.topic, encode(flow(CRM, commands=whole))),
    )
    with pytest.raises(RecordError) as caught:
        await stage.handle(record)
    _, answer = stage.refuse(record, caught.value)
    failure = decode(Envelope, answer.value).failure
    assert (failure and failure.code, len(answer.value or b"") < 10_000) == ("too_large", True)
