"""Suspend and resume on every runner: a flow waits in the log while all stages end and start."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from authstream.apps.stages import triggers
from authstream.contracts import headers as h
from authstream.contracts.avro import decode
from authstream.contracts.resume import Resume
from authstream.contracts.topics import Topics
from authstream.contracts.verdict import Verdict
from authstream.engine.plan import Binding, Flow
from authstream.engine.ports import ManualClock, Message, Output, Stage
from authstream.engine.program import Invocation, Outcome, RecordedCommand
from authstream.engine.resume_record import resume_record
from authstream.engine.state import StateKeys
from authstream.stages.action import Action
from authstream.stages.assemble import Assemble
from authstream.stages.entry import Entry
from authstream.stages.fanout import Fanout
from authstream.stages.resume import ResumeStage
from tests.contract.runner_suite import Ground, login

SLIP_KEY = b"slips"
USERS = [f"user-{number}" for number in range(6)]
#: What each handler of the one action asks for.
ASKS: dict[str, RecordedCommand] = {
    "onExecutePostLogin": ("redirect.sendUserTo", ("https://verify.example.com/",)),
    "onContinuePostLogin": ("idToken.setCustomClaim", ("verified", True)),
}


@dataclass
class Verify:
    """An action in this process: sends the browser away, and sets a claim when it is back."""

    topic: str
    ran: list[str] = field(default_factory=list[str])

    def choose(self, tenant: str, trigger: str) -> Flow | None:
        """A flow of this one action, for everybody."""
        return Flow(tenant, trigger, (Binding("verify", 1, self.topic),))

    async def runtime(self, version: int, control_offset: int) -> Verify:  # noqa: ARG002 - there is one
        """Itself."""
        return self

    def run(self, invocation: Invocation) -> Awaitable[Outcome]:
        """Take note of the handler and do what it asks for."""
        self.ran.append(invocation.handler)
        return self._outcome(invocation.handler)

    async def _outcome(self, handler: str) -> Outcome:
        return Outcome("ok", (ASKS[handler],), (), None, datetime.now(UTC), timedelta(0))


def stages(ground: Ground, topics: Topics, verify: Verify) -> list[Stage]:
    """All of a flow, remembering nothing yet."""
    known = {"post-login": triggers()["post-login"]}
    keys, reader = StateKeys(b"key", prefix=ground.prefix), ground.reader
    return [
        Entry(topics=topics, triggers=known, flows=verify, slip_key=SLIP_KEY),
        Action(
            verify.topic,
            name="verify",
            versions=verify,
            topics=topics,
            triggers=known,
            clock=ManualClock(0),
            slip_key=SLIP_KEY,
            state_keys=keys,
        ),
        Assemble(topics=topics, triggers=known, reader=reader, slip_key=SLIP_KEY),
        Fanout(topics=topics, triggers=known, kinds=frozenset()),
        ResumeStage(
            topics=topics, triggers=known, reader=reader, slip_key=SLIP_KEY, state_keys=keys
        ),
    ]


async def prepared(ground: Ground) -> tuple[Topics, Verify]:
    """The topics of a flow of one action, made, and the action."""
    topics = Topics(ground.prefix)
    verify = Verify(topics.action("default", "verify"))
    names = (topics.requested("post-login"), verify.topic, topics.assemble, topics.denied)
    more = (topics.suspended, topics.resume, topics.executions, topics.dead_letter)
    await ground.create([*names, *more, topics.decided("post-login"), topics.replies])
    return topics, verify


def told(replies: Sequence[Message]) -> dict[str, Verdict]:
    """What each caller was told, by correlation id."""
    return {
        h.text(one.headers, h.CORRELATION_ID) or "": decode(Verdict, one.value) for one in replies
    }


def back(topics: Topics, verdict: Verdict, browser: str, caller: str) -> Output:
    """A browser with the state of a verdict; its caller waits."""
    resume = Resume(state=verdict.state or "", request={"ip": "192.0.2.1"}, browser=browser)
    address = h.make({h.REPLY_PARTITION: "1", h.CORRELATION_ID: caller})
    return resume_record(topics, resume, address)


class ResumeSuite:
    """Classes that inherit name the ground by a fixture `ground`."""

    async def test_flows_wait_in_the_log_and_go_on_once(self, ground: Ground) -> None:
        """All stages start anew while the browsers are away, and again before they click twice."""
        topics, verify = await prepared(ground)
        async with ground.running(stages(ground, topics, verify)):
            await ground.publish([login(topics, user, user, (2, user.encode())) for user in USERS])
            left = told(await ground.records(topics.replies, len(USERS)))
        assert {one.outcome for one in left.values()} == {"suspended"}
        async with ground.running(stages(ground, topics, verify)):
            await ground.publish([back(topics, left[user], user, f"1 {user}") for user in USERS])
            first = told(await ground.records(topics.replies, 2 * len(USERS)))
        async with ground.running(stages(ground, topics, verify)):
            clicks = [back(topics, left[user], user, f"2 {user}") for user in USERS]
            foreign = [back(topics, left[user], "another", f"3 {user}") for user in USERS]
            await ground.publish([*clicks, *foreign])
            all_told = told(await ground.records(topics.replies, 4 * len(USERS)))
        for user in USERS:
            verdict = first[f"1 {user}"]
            assert (verdict.outcome, verdict.leg) == ("allowed", 1)
            assert verdict.claims.id_token == {"verified": True}
            assert all_told[f"2 {user}"] == verdict
            assert all_told[f"3 {user}"].code == "state_used"
        assert sorted(verify.ran) == sorted([*ASKS] * len(USERS))

    async def test_a_double_click_is_answered_twice_and_runs_once(self, ground: Ground) -> None:
        """The second one comes while the first is under way: both get the one verdict."""
        topics, verify = await prepared(ground)
        async with ground.running(stages(ground, topics, verify)):
            await ground.publish([login(topics, "ada", "ada", (2, b"left"))])
            left = told(await ground.records(topics.replies, 1))["left"]
            both = [back(topics, left, "ada", caller) for caller in ("first", "second")]
            await ground.publish(both)
            answers = told(await ground.records(topics.replies, 3))
        assert answers["first"] == answers["second"]
        assert (answers["second"].outcome, answers["second"].leg) == ("allowed", 1)
        assert verify.ran == [*ASKS]
