"""resume: brings a flow on once for each state, and says what is wrong with any other."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import orjson
import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from authstream import telemetry
from authstream.broker.memory import MemoryBroker
from authstream.contracts import headers as h
from authstream.contracts.avro import decode, encode
from authstream.contracts.envelope import Envelope, Slip
from authstream.contracts.resume import Resume
from authstream.contracts.verdict import Verdict
from authstream.engine.ports import ManualClock, Message, Output
from authstream.engine.resume_record import resume_record
from authstream.engine.signature import signed, verify
from authstream.engine.state import State, StateKeys
from authstream.errors import RecordError, StateInvalidError
from authstream.stages.resume import REMEMBERED, ResumeStage
from tests.samples import FLOW, KEY, NOW, TOPICS, TRIGGERS, envelope, event, run, step

CRM, NEXT = step("crm"), step("next")
KEYS = StateKeys(b"key", prefix="auth")
SLIP_KEY = b"slips"
REQUEST = {"ip": "192.0.2.7", "query": {"answer": "yes"}}
LIFETIME = timedelta(minutes=15)


class Bench:
    """The stage, with one flow that waits in partition 2."""

    def __init__(self, **members: Any) -> None:
        self.clock = ManualClock(NOW)
        self.broker = MemoryBroker(self.clock)
        said: dict[str, Any] = {
            "slip": Slip(steps=(CRM, NEXT)),
            "runs": (run("crm", "suspended"),),
            **members,
        }
        waits = signed(envelope(**said), SLIP_KEY)
        self.place = self.broker.append(
            Output(TOPICS.suspended, KEY, encode(waits), partition=2)
        ).offset
        self.stage = self.started()

    def started(self, keys: StateKeys | None = KEYS) -> ResumeStage:
        """A stage that remembers nothing yet."""
        return ResumeStage(
            topics=TOPICS,
            triggers=TRIGGERS,
            reader=self.broker,
            slip_key=SLIP_KEY,
            state_keys=keys,
        )

    def state(self, **members: Any) -> str:
        """A state that leads to the flow."""
        at = NOW + LIFETIME // timedelta(milliseconds=1)
        said: dict[str, Any] = {"flow_id": FLOW, "leg": 0, "partition": 2, "offset": self.place}
        said |= {"expires_at": at, **members}
        return KEYS.sealed(State(**said))

    def record(self, state: str | None = None, **members: Any) -> Message:
        """A browser is back; its caller waits on partition 1."""
        said: dict[str, Any] = {"state": state or self.state(), "request": REQUEST, **members}
        address = h.make({h.REPLY_PARTITION: "1", h.CORRELATION_ID: "abc"})
        return self.broker.append(resume_record(TOPICS, Resume(**said), address))

    async def handle(self, message: Message) -> list[Output]:
        """As a runner does it."""
        try:
            return [*await self.stage.handle(message)]
        except RecordError as error:
            return [*self.stage.refuse(message, error)]

    async def refusal(self, message: Message) -> str | None:
        """The code that the caller is told, of a record that does nothing else."""
        (answer,) = await self.stage.handle(message)
        verdict = decode(Verdict, answer.value)
        assert (answer.topic, answer.partition, verdict.outcome) == (TOPICS.replies, 1, "failed")
        assert h.text(answer.headers, h.CORRELATION_ID) == "abc"
        return verdict.code


async def test_a_flow_goes_on_where_it_was_suspended() -> None:
    """The next leg, at the same action, with a new request, a new time and a signed slip."""
    bench = Bench()
    bench.clock.advance(timedelta(minutes=14))
    message = bench.record()
    (output,) = await bench.handle(message)
    after = decode(Envelope, output.value)
    assert (output.topic, output.key) == (CRM.topic, KEY)
    assert (after.flow_id, after.leg, after.slip.position) == (FLOW, 1, 0)
    assert (after.requested_at, after.deadline_at) == (
        message.timestamp,
        message.timestamp + 20_000,
    )
    assert orjson.loads(after.event) == event(request=REQUEST)
    verify(after, SLIP_KEY)
    assert h.number(output.headers, h.REPLY_PARTITION) == 1
    assert (h.text(output.headers, h.FLOW_ID), h.number(output.headers, h.LEG)) == (FLOW, 1)


async def test_a_record_may_be_json() -> None:
    """For those who have no Avro library."""
    bench = Bench()
    message = bench.record()
    value = orjson.dumps({"state": bench.state(), "request": REQUEST})
    said = message._replace(value=value, headers=((h.CONTENT_TYPE, h.JSON_TYPE),))
    (output,) = await bench.handle(said)
    assert output.topic == CRM.topic


async def test_the_callers_deadline_counts_if_it_is_sooner() -> None:
    """Less the margin for the way back, as at entry."""
    bench = Bench()
    message = bench.record()
    late = (h.DEADLINE, f"{NOW + 3_000}".encode())
    (output,) = await bench.handle(message._replace(headers=(*message.headers, late)))
    assert decode(Envelope, output.value).deadline_at == NOW + 2_900


async def test_a_state_that_was_changed_is_invalid() -> None:
    """Not one that we made."""
    bench = Bench()
    assert await bench.refusal(bench.record(bench.state()[:-2] + "AA")) == "state_invalid"


async def test_a_state_of_another_installation_is_foreign() -> None:
    """Signed, but not with a key of ours."""
    bench = Bench()
    theirs = StateKeys(b"theirs", prefix="auth").sealed(State(FLOW, 0, 2, bench.place, NOW + 1))
    assert await bench.refusal(bench.record(theirs)) == "state_foreign"


@pytest.mark.parametrize("members", [{"leg": 1}, {"flow_id": "another"}])
async def test_a_state_that_leads_to_another_flow_is_foreign(members: dict[str, Any]) -> None:
    """What waits there must carry the signed ids."""
    bench = Bench()
    assert await bench.refusal(bench.record(bench.state(**members))) == "state_foreign"


async def test_a_state_counts_in_its_own_partition_only() -> None:
    """Elsewhere nobody knows whether it was used."""
    bench = Bench()
    moved = bench.record()._replace(partition=1)
    assert await bench.refusal(moved) == "state_foreign"


async def test_a_state_is_good_for_a_quarter_of_an_hour() -> None:
    """In the broker's time, to the millisecond."""
    bench = Bench()
    bench.clock.advance(LIFETIME)
    in_time = bench.record()
    bench.clock.advance(timedelta(milliseconds=1))
    assert await bench.refusal(bench.record()) == "state_expired"
    (output,) = await bench.handle(in_time)
    assert output.topic == CRM.topic


async def test_a_flow_that_is_gone_from_the_log_is_too_late() -> None:
    """Retention is a day; a broker may have lost it all the same."""
    bench = Bench()
    assert await bench.refusal(bench.record(bench.state(offset=99))) == "state_expired"


@pytest.mark.parametrize(("first", "second"), [(None, None), ("a", None), (None, "a"), ("a", "b")])
async def test_a_state_is_used_once(first: str | None, second: str | None) -> None:
    """Nobody but the browser that used it hears of its flow again."""
    bench = Bench()
    (output,) = await bench.handle(bench.record(browser=first))
    assert output.topic == CRM.topic
    assert await bench.refusal(bench.record(browser=second)) == "state_used"


async def test_the_same_browser_is_told_the_verdict() -> None:
    """Assemble is asked to say it again; no action runs."""
    bench = Bench()
    await bench.handle(bench.record(browser="a1"))
    (asking,) = await bench.handle(bench.record(browser="a1", request={"ip": "192.0.2.8"}))
    said = decode(Envelope, asking.value)
    assert (asking.topic, asking.key, said.leg, said.event) == (TOPICS.assemble, KEY, 1, b"")
    assert h.first(asking.headers, h.REPEAT) is not None
    assert h.number(asking.headers, h.REPLY_PARTITION) == 1
    verify(said, SLIP_KEY)


async def test_a_record_that_is_read_again_is_no_second_use() -> None:
    """After a crash the same record brings its flow on again."""
    bench = Bench()
    message = bench.record()
    for _ in range(2):
        (output,) = await bench.handle(message)
        assert output.topic == CRM.topic
    bench.stage = bench.started()
    (output,) = await bench.handle(message)
    assert output.topic == CRM.topic


async def test_what_was_used_is_read_back_from_the_log() -> None:
    """A new process knows it, and has not forgotten by what was refused."""
    bench = Bench()
    wrong, first = bench.record(bench.state()[:-2] + "AA"), bench.record()
    bench.stage = bench.started()
    (memory,) = bench.stage.memories
    assert (memory.topics, memory.window, memory.until_position) == (
        bench.stage.topics,
        REMEMBERED,
        True,
    )
    assert LIFETIME < REMEMBERED
    memory.remember(wrong)
    memory.remember(first)
    assert await bench.refusal(bench.record()) == "state_used"
    memory.forget(TOPICS.resume, 2)
    (output,) = await bench.handle(first)
    assert output.topic == CRM.topic


async def test_a_request_that_is_no_event_fails_the_leg() -> None:
    """The state is used up: the flow has its answer, as anywhere else."""
    bench = Bench()
    (output,) = await bench.handle(bench.record(request={}))
    said = decode(Envelope, output.value)
    assert (output.topic, said.leg) == (TOPICS.assemble, 1)
    assert said.failure is not None
    assert (said.failure.code, said.event) == ("invalid_event", b"")
    verify(said, SLIP_KEY)


async def test_a_waiting_envelope_must_be_signed() -> None:
    """Who can only write to a topic puts nothing in the place that a state leads to."""
    bench = Bench()
    forged = encode(envelope(slip=Slip(steps=(CRM,)), runs=(run("crm", "suspended"),)))
    bench.broker.logs[TOPICS.suspended, 2][0] = bench.broker.logs[TOPICS.suspended, 2][0]._replace(
        value=forged
    )
    letter, answer = await bench.handle(bench.record())
    assert h.text(letter.headers, h.DEAD_REASON) == "unsigned_slip"
    assert decode(Verdict, answer.value).code == "unsigned_slip"


@pytest.mark.parametrize("value", [b"garbage", b'{"state": 1}', None])
async def test_what_is_no_resume_record_is_kept_without_its_bytes(value: bytes | None) -> None:
    """It may be a request with a password; who waits is answered."""
    bench = Bench()
    message = bench.record()._replace(value=value)
    said = message._replace(headers=(*message.headers[5:], (h.CONTENT_TYPE, h.JSON_TYPE)))
    for one in (message, said):
        letter, answer = await bench.handle(one)
        assert (letter.topic, letter.value) == (TOPICS.dead_letter, b"")
        assert decode(Verdict, answer.value).code == "undecodable"


async def test_a_dead_letter_has_no_request() -> None:
    """Only the state, which is worth nothing after a quarter of an hour."""
    bench = Bench()
    message = bench.record(request={**REQUEST, "body": {"password": "hunter2"}})
    letter, _ = bench.stage.refuse(message, RecordError("broken"))
    kept = decode(Resume, letter.value)
    assert (kept.state, kept.request) == (bench.state(), {})


async def test_nobody_waits_nobody_is_answered() -> None:
    """A refusal without a reply address writes nothing, nor does a second use."""
    bench = Bench()
    message = bench.record(browser="a")
    await bench.handle(message)
    alone = message._replace(headers=message.headers[:5], offset=7)
    assert await bench.handle(alone) == []
    assert await bench.handle(alone._replace(timestamp=NOW + 10**7)) == []


async def test_without_a_key_nothing_is_resumed() -> None:
    """The stage is there all the same, and says what to set."""
    bench = Bench()
    bench.stage = bench.started(None)
    assert await bench.refusal(bench.record()) == "state_invalid"


async def test_a_resumed_flow_links_to_the_trace_that_it_left() -> None:
    """The way back is a request of its own, with a trace of its own."""
    exporter, bench = InMemorySpanExporter(), Bench()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    telemetry.activate(provider)
    log = bench.broker.logs[TOPICS.suspended, 2]
    trace = ("traceparent", b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
    log[0] = log[0]._replace(headers=(*log[0].headers, trace))
    try:
        await bench.handle(bench.record())
    finally:
        telemetry.deactivate()
    (found,) = exporter.get_finished_spans()
    assert dict(found.attributes or {}) == {"authstream.flow_id": FLOW, "authstream.leg": 0}
    assert [link.context.span_id for link in found.links] == [0xB7AD6B7169203331]


def test_a_state_that_cannot_be_read_is_not_published() -> None:
    """There is no partition to publish it to."""
    with pytest.raises(StateInvalidError):
        resume_record(TOPICS, Resume(state="nonsense", request={}), ())
