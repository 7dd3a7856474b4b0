"""assemble: a leg's verdict is also for those who asked for it before there was one."""

from __future__ import annotations

from datetime import timedelta

from authstream.contracts import headers as h
from authstream.contracts.avro import decode
from authstream.contracts.envelope import Slip
from authstream.contracts.verdict import Verdict
from authstream.engine.ports import Message
from authstream.stages.askers import ASKED_WITHIN, ASKERS_PER_LEG, Askers
from tests.samples import TOPICS, envelope, message, run, step
from tests.unit.test_assemble import DECIDED, Bench, asking, assembled

MILLISECOND = timedelta(milliseconds=1)
CRM = step("crm")
#: A leg under way, as the resume stage knows it: nothing of it has run.
UNDER_WAY = envelope(leg=1, slip=Slip(steps=(CRM,)), runs=(run("crm", "suspended"),))
DONE = UNDER_WAY.model_copy(update={"runs": (run("crm").model_copy(update={"leg": 1}),)})


def asks(number: int = 0) -> Message:
    """Who came back a second time asks for the leg that the first one began."""
    said = assembled(UNDER_WAY, {h.REPLY_PARTITION: "1", h.CORRELATION_ID: f"asker-{number}"})
    return said._replace(headers=(*said.headers, (h.REPEAT, b"1")))


async def test_who_asks_early_waits_for_the_verdict() -> None:
    """The question decides nothing; the verdict goes to who began the leg, then to who asked."""
    bench = Bench()
    assert await bench.handle(asks()) == []
    decided, again, executed = await bench.handle(asking(DONE))
    assert decode(Verdict, decided.value).outcome == "allowed"
    assert (decided.topic, again.topic, executed.topic) == (DECIDED, DECIDED, TOPICS.executions)
    assert (again.value, again.partition) == (decided.value, decided.partition)
    assert h.first(again.headers, h.REPEAT) == b"1"
    assert h.text(again.headers, h.CORRELATION_ID) == "asker-0"
    assert await bench.handle(asking(DONE)) == []


async def test_who_asks_late_is_told_at_once() -> None:
    """The verdict is in the log."""
    bench = Bench()
    decided, _ = await bench.handle(asking(DONE))
    (again,) = await bench.handle(asks())
    assert again.value == decided.value


async def test_a_question_that_breaks_fails_no_flow() -> None:
    """It is set aside; the leg is decided by what its actions do."""
    bench = Bench()
    (letter,) = await bench.handle(asks()._replace(value=b"garbage"))
    assert letter.topic == TOPICS.dead_letter
    assert decode(Verdict, (await bench.handle(asking(DONE)))[0].value).outcome == "allowed"


async def test_the_latest_of_many_are_told() -> None:
    """A browser shows what it asked for last."""
    bench = Bench()
    for number in range(ASKERS_PER_LEG + 2):
        await bench.handle(asks(number))
    _, *again, _ = await bench.handle(asking(DONE))
    told = [h.text(one.headers, h.CORRELATION_ID) for one in again]
    assert told == [f"asker-{number}" for number in range(2, ASKERS_PER_LEG + 2)]


def test_nobody_is_remembered_for_long() -> None:
    """A leg that is not decided in its time never is; a partition that left is another's."""
    askers = Askers()
    first = message(TOPICS.assemble, b"")
    askers.wait(first, b"old")
    later = first._replace(timestamp=first.timestamp + ASKED_WITHIN // MILLISECOND + 1)
    askers.wait(later, b"new")
    assert askers.served(0, b"old") == []
    assert askers.served(0, b"new") == [later]
    askers.wait(later, b"new")
    askers.forget(0)
    assert askers.served(0, b"new") == []
