"""assemble: one verdict for each leg, said again to whoever asks again."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from authstream.broker.memory import MemoryBroker
from authstream.contracts import headers as h
from authstream.contracts.avro import decode
from authstream.contracts.envelope import Envelope, Failure, Slip
from authstream.contracts.execution import Execution
from authstream.contracts.verdict import Verdict
from authstream.engine.ports import ManualClock, Message, Output
from authstream.engine.signature import signed
from authstream.errors import RecordError
from authstream.stages.assemble import Assemble
from authstream.stages.outputs import envelope_output
from tests.samples import FLOW, NOW, TOPICS, TRIGGERS, command, envelope, message, step

DECIDED = TOPICS.decided("post-login")
ASKING = {h.REPLY_PARTITION: "3", h.CORRELATION_ID: "c1", "traceparent": "00-a-b-01"}
CRM = step("crm")


class Bench:
    """An assemble stage on a broker of its own."""

    def __init__(self, *, slip_key: bytes | None = None) -> None:
        self.broker = MemoryBroker(ManualClock(NOW))
        self.slip_key = slip_key
        self.stage = self.started()

    def started(self) -> Assemble:
        """A stage that knows nothing yet."""
        return Assemble(
            topics=TOPICS, triggers=TRIGGERS, reader=self.broker, slip_key=self.slip_key
        )

    def moved(self) -> None:
        """Another process takes over and reads its memory back."""
        self.stage = self.started()
        (memory,) = self.stage.memories
        for topic in memory.topics:
            for record in self.broker.records(topic):
                memory.remember(record)

    async def outputs(self, record: Message) -> Sequence[Output]:
        """What the stage gives, refusals included, not yet written."""
        try:
            given = self.stage.handle(record)
            return await given if inspect.isawaitable(given) else given
        except RecordError as error:
            return self.stage.refuse(record, error)

    async def handle(self, record: Message) -> list[Message]:
        """Written records, each acknowledged."""
        written: list[Message] = []
        for output in await self.outputs(record):
            written.append(self.broker.append(output))
            if output.then is not None:
                output.then(written[-1].offset)
        return written


def assembled(
    said: Envelope, headers: dict[str, str] | None = None, *, timestamp: int = NOW
) -> Message:
    """An envelope as it comes to assemble, in partition 2."""
    source = message("any", b"", headers=headers)
    output = envelope_output(TOPICS.assemble, said, source=source)
    return Message(output.topic, 2, 0, output.key, output.value, output.headers, timestamp)


def asking(said: Envelope, *, timestamp: int = NOW) -> Message:
    """The same, from a caller that waits."""
    return assembled(said, ASKING, timestamp=timestamp)


def asking_again(flow: Envelope) -> Message:
    """The same leg for a caller that asks a second time."""
    return assembled(flow, {**ASKING, h.CORRELATION_ID: "c2"})


async def test_a_verdict_and_its_execution_are_published() -> None:
    """The verdict in the partition of its envelope, with the caller's address."""
    bench = Bench()
    said = envelope(command("idToken.setCustomClaim", "a", 1), steps=(CRM,))
    decided, executed = await bench.handle(asking(said))
    verdict = decode(Verdict, decided.value)
    assert (decided.topic, decided.partition, verdict.outcome) == (DECIDED, 2, "allowed")
    assert verdict.claims.id_token == {"a": 1}
    assert [h.text(decided.headers, name) for name in ASKING] == ["3", "c1", "00-a-b-01"]
    assert (h.text(decided.headers, h.FLOW_ID), h.number(decided.headers, h.LEG)) == (FLOW, 0)
    assert executed.topic == TOPICS.executions
    assert decode(Execution, executed.value).runs == said.runs


async def test_a_leg_is_decided_once() -> None:
    """A retry gets the recorded verdict, marked, to its own address, whatever it would give now."""
    bench = Bench()
    (first, _) = await bench.handle(asking(envelope()))
    other = envelope(command("access.deny", "no"))
    (again,) = await bench.handle(
        assembled(other, {h.REPLY_PARTITION: "1", h.CORRELATION_ID: "c2"})
    )
    assert (again.topic, again.partition, again.value) == (DECIDED, 2, first.value)
    assert h.first(again.headers, h.REPEAT) == b"1"
    assert h.number(again.headers, h.REPLY_PARTITION) == 1


async def test_a_repeat_for_nobody_says_nothing() -> None:
    """A record read again after a crash, or a caller that does not wait."""
    bench = Bench()
    await bench.handle(asking(envelope()))
    assert await bench.handle(assembled(envelope())) == []


async def test_a_repeat_is_answered_while_the_verdict_is_on_its_way() -> None:
    """Its offset is not known yet, its bytes are."""
    bench = Bench()
    (first, _) = await bench.outputs(asking(envelope()))
    (again,) = await bench.outputs(asking_again(envelope()))
    assert again.value == first.value


async def test_a_record_read_again_after_a_crash_is_not_answered_twice() -> None:
    """Its caller is the one that the recorded verdict answers."""
    bench = Bench()
    await bench.handle(asking(envelope()))
    bench.moved()
    assert await bench.handle(asking(envelope())) == []


async def test_what_ran_after_its_caller_was_gone_is_recorded() -> None:
    """The verdict stays `timeout`; the record says where the time went, and comes once."""
    bench = Bench()
    gone = envelope(failure=Failure(code="timeout", reason="the caller stopped waiting"))
    (decided, _) = await bench.handle(asking(gone))
    (late,) = await bench.handle(asking(envelope(steps=(CRM,))))
    said = decode(Execution, late.value)
    assert (late.topic, said.late, said.runs[0].action) == (TOPICS.executions, True, "crm")
    assert decode(Verdict, decided.value).code == "timeout"


async def test_another_leg_of_a_flow_has_a_verdict_of_its_own() -> None:
    """Legs are decided apart."""
    bench = Bench()
    await bench.handle(asking(envelope()))
    decided, _ = await bench.handle(asking(envelope(leg=1)))
    assert decode(Verdict, decided.value).leg == 1


async def test_what_was_decided_is_known_after_a_move() -> None:
    """Rebuilt from the decided partitions, repeats left out."""
    bench = Bench()
    first, _ = await bench.handle(asking(envelope()))
    await bench.handle(asking_again(envelope()))
    bench.moved()
    (again,) = await bench.handle(asking_again(envelope(command("access.deny", "no"))))
    assert again.value == first.value


async def test_a_partition_that_went_away_is_forgotten() -> None:
    """Its next owner decides; memory does not grow with every move."""
    bench = Bench()
    await bench.handle(asking(envelope()))
    (memory,) = bench.stage.memories
    memory.forget(TOPICS.assemble, 2)
    decided, _ = await bench.handle(asking(envelope()))
    assert h.first(decided.headers, h.REPEAT) is None


async def test_a_leg_older_than_the_window_is_never_decided() -> None:
    """It may have been decided before anything that is remembered: a dead letter, no verdict."""
    late = asking(envelope(), timestamp=NOW + 3_600_001)
    (letter,) = await Bench().handle(late)
    assert letter.topic == TOPICS.dead_letter
    assert h.text(letter.headers, h.DEAD_REASON) == "stale_leg"


async def test_an_undecodable_record_of_an_old_leg_is_never_decided() -> None:
    """Its headers tell its age."""
    late = asking(envelope(), timestamp=NOW + 3_600_001)._replace(value=b"garbage")
    (letter,) = await Bench().handle(late)
    assert h.text(letter.headers, h.DEAD_REASON) == "undecodable"


async def test_an_undecodable_record_is_answered_with_a_failed_verdict() -> None:
    """The caller never waits for a record in a graveyard; a leg already decided stays decided."""
    bench = Bench()
    broken = asking(envelope())._replace(value=b"garbage")
    letter, decided, _ = await bench.handle(broken)
    assert letter.topic == TOPICS.dead_letter
    verdict = decode(Verdict, decided.value)
    assert (verdict.outcome, verdict.code, verdict.flow_id) == ("failed", "undecodable", FLOW)
    assert h.number(decided.headers, h.REPLY_PARTITION) == 3
    assert [one.topic for one in await bench.handle(broken)] == [TOPICS.dead_letter]


async def test_a_command_from_a_newer_version_fails_its_flow_only() -> None:
    """The worker goes on; the verdict says what to upgrade."""
    letter, decided, _ = await Bench().handle(asking(envelope(command("new.method", 1))))
    assert letter.topic == TOPICS.dead_letter
    assert decode(Verdict, decided.value).code == "command_refused"


async def test_a_flow_of_an_unknown_trigger_is_set_aside() -> None:
    """There is no topic for its verdict, and no broker is asked for one."""
    said = envelope(trigger="not-installed")
    (letter,) = await Bench().handle(asking(said))
    assert h.text(letter.headers, h.DEAD_REASON) == "unknown_trigger"


@pytest.mark.parametrize("members", [{"slip": Slip()}, {"steps": (CRM,)}])
async def test_an_unsigned_flow_is_not_decided(members: dict[str, Any]) -> None:
    """Who can only write to a topic does not let anybody in, nor fail anybody else's login."""
    forged = asking(envelope(**members))
    (letter,) = await Bench(slip_key=b"key").handle(forged)
    assert h.text(letter.headers, h.DEAD_REASON) == "unsigned_slip"


async def test_a_signed_flow_is_decided() -> None:
    """With steps or without."""
    for said in (envelope(), envelope(steps=(CRM,), leg=1)):
        decided, _ = await Bench(slip_key=b"key").handle(asking(signed(said, b"key")))
        assert decode(Verdict, decided.value).outcome == "allowed"


async def test_a_failure_without_a_plan_needs_no_signature() -> None:
    """An event that entry refused, a caller that gave up: they can only fail the flow."""
    failure = Failure(code="invalid_event", reason="no user")
    decided, _ = await Bench(slip_key=b"key").handle(asking(envelope(failure=failure)))
    assert decode(Verdict, decided.value).code == "invalid_event"


async def test_a_verdict_over_its_budget_fails_the_flow() -> None:
    """Many dropped commands take more room in a verdict than in an envelope: it still fits."""
    said = envelope(*[command("idToken.setCustomClaim", "sub", 1, action="a")] * 20_000)
    decided, _ = await Bench().handle(asking(said))
    assert decode(Verdict, decided.value).code == "too_large"


def test_assemble_owns_the_same_partition_of_both_topics() -> None:
    """The range assignor alone gives that, and the window is what the design says."""
    stage = Bench().stage
    assert (stage.assignor, set(stage.topics)) == ("range", {TOPICS.assemble, TOPICS.denied})
    assert [memory.window for memory in stage.memories] == [timedelta(hours=1)]
