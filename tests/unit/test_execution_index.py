"""The index of executions: filled from topics, searched in any combination, bounded."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from authstream.contracts import headers as h
from authstream.contracts.answer import Answered
from authstream.contracts.avro import encode
from authstream.contracts.effect import Effect, EffectDone, PatchDone
from authstream.contracts.envelope import ConsoleLine, Run
from authstream.contracts.execution import Execution
from authstream.contracts.model import Record
from authstream.engine.ports import ManualClock, Message
from authstream.errors import ConfigurationError
from authstream.executions.index import Bounds, Index
from authstream.executions.port import Filter, Summary
from authstream.executions.rows import readers
from authstream.executions.search import BadCursorError
from tests.samples import NOW, TOPICS

TRACE = "0af7651916cd43dd8448eb211c80319c"


def execution(flow: str, *runs: Run, **members: Any) -> Execution:
    """An allowed login of 12 ms."""
    said: dict[str, Any] = {
        "flow_id": flow,
        "leg": 0,
        "tenant": "default",
        "trigger": "post-login",
        "outcome": "allowed",
        "code": None,
        "reason": None,
        "requested_at": NOW,
        "decided_at": NOW + 12,
        "subject": "ada",
        "client": "shop",
        **members,
    }
    return Execution(**said, runs=runs)


def ran(action: str, *lines: str, ms: float = 3.0, error: str | None = None) -> Run:
    """A run that logged these lines."""
    return Run(
        action=action,
        version=1,
        started_at=NOW,
        duration_ms=ms,
        status="error" if error else "ok",
        error=error,
        console=tuple(ConsoleLine(level="log", text=line) for line in lines),
    )


def record(
    topic: str, said: Record, *, offset: int = 0, at: int = NOW + 15, **headers: str
) -> Message:
    """A record of a topic."""
    return Message(topic, 0, offset, b"k", encode(said), h.make(headers), at)


class Filled:
    """An index and the next offset of each topic."""

    def __init__(self, index: Index, clock: ManualClock | None = None) -> None:
        self.index = index
        self.clock = clock or ManualClock(NOW)
        self._offset = 0

    def add(self, *executions: Execution, at: int = NOW + 15, **headers: str) -> None:
        """Executions, as the topic has them."""
        self.note(*((TOPICS.executions, one) for one in executions), at=at, **headers)

    def note(self, *records: tuple[str, Record], at: int = NOW + 15, **headers: Any) -> None:
        """Records of any topic that is followed."""
        made: list[Message] = []
        for topic, said in records:
            made.append(record(topic, said, offset=self._offset, at=at, **headers))
            self._offset += 1
        self.index.add(made)

    def flows(self, **wanted: Any) -> list[str]:
        """The flows that a filter takes, newest first."""
        return [one.flow_id for one in self.found(**wanted)]

    def found(self, **wanted: Any) -> tuple[Summary, ...]:
        """The executions that a filter takes."""
        return self.index.search.find(Filter(**wanted)).found


def opened(file: Path, clock: ManualClock | None = None, **options: Any) -> Index:
    """An index in a file."""
    bounds = Bounds(options.pop("age", timedelta(days=10)), options.pop("size", 2**30))
    return Index(
        file,
        readers(TOPICS, ["email"]),
        origin=options.pop("origin", "here"),
        bounds=bounds,
        clock=clock or ManualClock(NOW),
        **options,
    )


@pytest.fixture
def filled(tmp_path: Path) -> Iterator[Filled]:
    """An empty index."""
    clock = ManualClock(NOW)
    with opened(tmp_path / "index.sqlite", clock) as index:
        yield Filled(index, clock)


def test_each_filter_takes_its_own(filled: Filled) -> None:
    """User, client, tenant, trigger, outcome, code, time; and several together."""
    filled.add(execution("a"))
    filled.add(execution("b", subject="bob", client="app", tenant="acme"), at=NOW + 99)
    filled.add(execution("c", outcome="denied", code="access_denied", trigger="other"))
    assert filled.flows() == ["b", "c", "a"]
    assert filled.flows(user="bob") == filled.flows(client="app") == ["b"]
    assert filled.flows(tenant="acme") == filled.flows(since=NOW + 50) == ["b"]
    assert filled.flows(outcome="denied") == filled.flows(code="access_denied") == ["c"]
    assert filled.flows(trigger="other") == ["c"]
    assert filled.flows(user="ada", outcome="allowed") == ["a"]
    assert filled.flows(user="nobody") == []


def test_slower_than_is_about_the_flow_or_an_action(filled: Filled) -> None:
    """With an action it is that action's own time."""
    filled.add(execution("quick", ran("crm", ms=3.0)))
    filled.add(execution("slow", ran("crm", ms=3.0), ran("mail", ms=900.0), decided_at=NOW + 950))
    assert filled.flows(slower_than=timedelta(milliseconds=500)) == ["slow"]
    assert filled.flows(action="crm", slower_than=timedelta(milliseconds=500)) == []
    assert filled.flows(action="mail", slower_than=timedelta(milliseconds=500)) == ["slow"]
    assert filled.flows(action="crm") == ["slow", "quick"]


def test_words_of_logs_errors_and_reasons_are_found(filled: Filled) -> None:
    """In any case, as they follow each other; quotes and operators are only words."""
    filled.add(execution("a", ran("crm", "Payment failed for order 7")))
    filled.add(execution("b", ran("crm", error="TypeError: undefined is not a function")))
    filled.add(execution("c", outcome="denied", reason="embargoed country"))
    assert filled.flows(text="payment failed") == ["a"]
    assert filled.flows(text="failed payment") == []
    assert filled.flows(text="TypeError") == ["b"]
    assert filled.flows(text="embargoed") == ["c"]
    assert filled.flows(text='"x" OR (NEAR*') == []


def test_a_list_is_read_page_by_page(filled: Filled) -> None:
    """A cursor goes on where the page ended, whatever came meanwhile."""
    filled.add(*(execution(f"f{number}") for number in range(5)))
    first = filled.index.search.find(Filter(), limit=2)
    filled.add(execution("new"), at=NOW + 99)
    second = filled.index.search.find(Filter(), limit=2, cursor=first.cursor)
    last = filled.index.search.find(Filter(), limit=2, cursor=second.cursor)
    names = [[one.flow_id for one in page.found] for page in (first, second, last)]
    assert names == [["f4", "f3"], ["f2", "f1"], ["f0"]]
    assert last.cursor is None
    with pytest.raises(BadCursorError):
        filled.index.search.find(Filter(), cursor="x.y")


def test_what_comes_is_told_in_order(filled: Filled) -> None:
    """After a number, those that a filter takes."""
    filled.add(execution("old"))
    number = filled.index.search.newest()
    filled.add(execution("a"), execution("b", outcome="failed"), execution("c"))
    new = filled.index.search.after(number, Filter(outcome="allowed"))
    assert [one.flow_id for one in new] == ["a", "c"]
    assert filled.index.search.newest() == new[-1].number


def test_a_record_read_again_counts_once(filled: Filled) -> None:
    """By its place; and a leg's first record counts, as its first verdict does."""
    one = record(TOPICS.executions, execution("a"))
    assert [filled.index.add([one]), filled.index.add([one])] == [1, 0]
    again = record(TOPICS.executions, execution("a", outcome="failed"), offset=7)
    filled.index.add([again])
    assert [(one.flow_id, one.outcome) for one in filled.found()] == [("a", "allowed")]
    assert filled.index.positions() == {(TOPICS.executions, 0): 8}


def test_what_nobody_can_read_is_passed_over(filled: Filled) -> None:
    """It is gone past, and the neighbours are there."""
    garbage = Message(TOPICS.executions, 0, 0, b"k", b"\xc3\x01 no record", (), NOW)
    filled.index.add([garbage, record(TOPICS.executions, execution("a"), offset=1)])
    assert filled.flows() == ["a"]


def test_what_ran_too_late_is_found_under_its_flow(filled: Filled) -> None:
    """The gateway decided the leg: nothing had run. What ran all the same says why."""
    filled.add(execution("a", outcome="failed", code="timeout"))
    filled.add(execution("a", ran("crm", "so slow", ms=9_000.0), outcome="failed", late=True))
    assert filled.flows(action="crm") == filled.flows(text="so slow") == ["a"]
    assert [(one.code, one.flow_id) for one in filled.found()] == [("timeout", "a")]
    flow = filled.index.search.flow("a")
    assert flow is not None
    assert [one.execution.late for one in flow.executions] == [False, True]


def test_the_trace_is_that_of_the_record(filled: Filled) -> None:
    """None where none is recorded."""
    filled.add(execution("a"), traceparent=f"00-{TRACE}-b7ad6b7169203331-01")
    filled.add(execution("b"), traceparent=f"00-{TRACE}-b7ad6b7169203331-00")
    filled.add(execution("c"), traceparent="nonsense")
    assert {one.flow_id: one.trace_id for one in filled.found()} == {
        "a": TRACE,
        "b": None,
        "c": None,
    }


def test_a_flow_has_all_that_followed(filled: Filled) -> None:
    """Answers, deliveries, waits for another try, patches, dead letters."""
    names = ("flow_id", "tenant", "trigger", "connection", "provider")
    answered = {**dict.fromkeys(names, "x"), "flow_id": "a", "leg": 0, "status": 200}
    effect = {**dict.fromkeys(("id", "kind", "tenant", "trigger", "action"), "x"), "flow_id": "a"}
    waiting = Effect(**{**effect, "id": "e2", "leg": 0, "payload": {}, "ordered_at": NOW})  # type: ignore[arg-type]  # a dict of everything
    filled.add(execution("a"))
    filled.note(
        (TOPICS.answers, Answered(**answered, told="allowed", ms=20.0, answered_at=NOW + 20)),  # type: ignore[arg-type]  # as above
        (TOPICS.effects_done("email"), done("e1")),
        (
            TOPICS.user_metadata_done,
            PatchDone(
                id="p1",
                flow_id="a",
                leg=0,
                status="applied",
                sink="topic",
                attempts=1,
                sequence=0,
                done_at=NOW + 30,
            ),
        ),
    )
    why: dict[str, Any] = {h.LAST_ERROR: "refused"}
    filled.note((TOPICS.effects_retry("email", "5s"), waiting), **why)
    filled.note((TOPICS.dead_letter, waiting), **dead("undeliverable"))
    flow = filled.index.search.flow("a")
    assert flow is not None
    assert [one.told for one in flow.answers] == ["allowed"]
    assert [(one.id, one.status) for one in flow.effects] == [("e1", "delivered")]
    assert [(one.id, one.reason) for one in flow.retries] == [("e2", "refused")]
    assert [one.sink for one in flow.patches] == ["topic"]
    assert [one.reason for one in flow.letters] == ["undeliverable"]
    assert set(flow.public()) > {"executions", "letters", "retries"}


def done(effect_id: str) -> EffectDone:
    """A delivery."""
    return EffectDone(
        id=effect_id,
        kind="email",
        flow_id="a",
        status="delivered",
        attempts=1,
        done_at=NOW + 40,
    )


def dead(reason: str) -> dict[str, Any]:
    """Headers of a dead letter of flow a."""
    return {h.FLOW_ID: "a", h.DEAD_REASON: reason, h.DEAD_STAGE: "effect.email"}


def test_an_effect_that_is_delivered_waits_no_more(filled: Filled) -> None:
    """Whatever was said before."""
    effect: dict[str, Any] = {
        "id": "e1",
        "kind": "email",
        "flow_id": "a",
        "leg": 0,
        "tenant": "x",
        "payload": {},
    }
    ordered = Effect(**effect, trigger="x", action="x", ordered_at=NOW)
    filled.note((TOPICS.effects_retry("email", "5s"), ordered))
    filled.note((TOPICS.effects_done("email"), done("e1")))
    flow = filled.index.search.flow("a")
    assert flow is not None
    assert flow.retries == ()


def test_an_unknown_flow_is_nothing(filled: Filled) -> None:
    """Not an error here: the door says what to do."""
    assert filled.index.search.flow("nobody") is None


def test_the_old_goes(filled: Filled) -> None:
    """By the broker's time of the record, notes and words included."""
    filled.add(execution("old", ran("crm", "a word")), at=NOW)
    filled.note((TOPICS.effects_done("email"), done("e1")), at=NOW)
    filled.clock.advance(timedelta(days=11))
    filled.add(execution("new"), at=filled.clock.now())
    filled.index.prune()
    assert filled.flows() == ["new"]
    assert filled.flows(text="word") == []
    assert filled.index.search.flow("a") is None


def test_a_file_stays_within_its_size(tmp_path: Path) -> None:
    """The oldest go first; what is left can be searched."""
    size = 1_500_000
    file = tmp_path / "index.sqlite"
    with opened(file, size=size) as index:
        for start in range(0, 3000, 500):
            index.add(
                record(
                    TOPICS.executions,
                    execution(f"f{number}", ran("crm", f"line {number} " + os.urandom(300).hex())),
                    offset=number,
                    at=NOW + number,
                )
                for number in range(start, start + 500)
            )
        index.prune()
        found = index.search.find(Filter(), limit=5000).found
        assert file.stat().st_size < 2 * size
    assert 100 < len(found) < 3000
    assert found[0].flow_id == "f2999"


def test_a_file_is_there_again_after_a_restart(tmp_path: Path) -> None:
    """With its positions; readable by nobody else."""
    file = tmp_path / "deep" / "index.sqlite"
    with opened(file) as index:
        index.add([record(TOPICS.executions, execution("a"), offset=3)])
    with opened(file) as index:
        assert index.positions() == {(TOPICS.executions, 0): 4}
        assert len(index.search.find(Filter()).found) == 1
    assert file.stat().st_mode & 0o077 == 0


def test_a_file_of_other_topics_is_emptied(tmp_path: Path) -> None:
    """Positions of another cluster lead nowhere."""
    file = tmp_path / "index.sqlite"
    with opened(file) as index:
        index.add([record(TOPICS.executions, execution("a"))])
    with opened(file, origin="elsewhere") as index:
        assert index.positions() == {}
        assert index.search.newest() == 0


def test_a_torn_file_is_made_anew(tmp_path: Path) -> None:
    """All of it comes from topics."""
    file = tmp_path / "index.sqlite"
    file.write_bytes(b"this is no database, and never was one" * 100)
    with opened(file) as index:
        assert index.search.newest() == 0


def test_an_index_can_be_emptied(filled: Filled) -> None:
    """It begins anew."""
    filled.add(execution("a"))
    filled.index.empty()
    assert (filled.index.positions(), filled.flows()) == ({}, [])


def test_a_place_where_no_file_can_be_is_named(tmp_path: Path) -> None:
    """With the setting that helps."""
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match="AUTHSTREAM_EXECUTIONS__INDEX"):
        opened(tmp_path / "file" / "index.sqlite")


def test_two_processes_share_a_file(tmp_path: Path) -> None:
    """What one has taken in the other leaves out."""
    file = tmp_path / "index.sqlite"
    one = record(TOPICS.executions, execution("a"))
    with opened(file) as first, opened(file) as second:
        assert (first.add([one]), second.add([one])) == (1, 0)
        assert len(second.search.find(Filter()).found) == 1


def test_hashed_users_are_found_by_their_ids(tmp_path: Path) -> None:
    """Whoever has the key need not hash by hand."""
    with opened(tmp_path / "index.sqlite", hashed="hashed:{}".format) as index:
        index.add([record(TOPICS.executions, execution("a", subject="hashed:ada"))])
        assert len(index.search.find(Filter(user="ada")).found) == 1
