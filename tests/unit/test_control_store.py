"""The store: the log arbitrates, views agree, and who loses is told who won."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from authstream.broker.memory_log import MemoryLog
from authstream.contracts.avro import encode
from authstream.contracts.control import ControlRecord, ObjectKey
from authstream.control.objects import VARIABLE, VariableObject
from authstream.control.signing import Signing
from authstream.control.store import Change, Store
from authstream.control.view import View
from authstream.engine.log import LogRecord
from authstream.errors import ConflictError, ControlLogError, NotFoundError, TooLargeError
from tests.control_plane import memory_store

COLOUR = ObjectKey(VARIABLE, "acme", "colour")
WITHIN = timedelta(seconds=10)


def change(value: object, after: int, key: ObjectKey = COLOUR) -> Change:
    """A wish to set a variable."""
    return Change(key, VariableObject(value=value), after, f"set {value}")


@pytest.fixture
def log() -> MemoryLog:
    """An empty control log."""
    return MemoryLog()


@pytest.fixture
def store(log: MemoryLog) -> Iterator[Store]:
    """A store on it."""
    with memory_store(log=log) as opened:
        yield opened


def value_of(view: View) -> object:
    """What the variable is in a view."""
    return view.get(COLOUR).read(VariableObject).value


def test_what_was_written_is_there_when_write_returns(store: Store) -> None:
    """A writer reads its own write."""
    stored = store.write(change("red", 0), actor="ada")
    assert (value_of(store.view), stored.record.revision, stored.record.actor) == ("red", 1, "ada")


def test_a_stale_revision_is_a_conflict_that_says_who(store: Store) -> None:
    """Who builds on an old revision learns who changed what, and when."""
    store.write(change("red", 0), actor="ada")
    with pytest.raises(ConflictError, match=r"revision 1 is by ada, \d{4}-.*\(set red\)"):
        store.write(change("blue", 0), actor="eve")
    assert value_of(store.view) == "red"


def test_the_first_record_of_a_revision_wins_whoever_sent_it(log: MemoryLog) -> None:
    """Two stores that both saw revision 0 write: the log's order decides, in both views."""
    with memory_store(log=log) as one, memory_store(log=log) as two:
        barrier = threading.Barrier(2)

        def attempt(store: Store, actor: str) -> bool:
            barrier.wait()
            try:
                store.write(change(actor, 0), actor=actor)
            except ConflictError:
                return False
            return True

        with ThreadPoolExecutor(2) as pool:
            won = list(pool.map(attempt, (one, two), ("ada", "eve")))
        assert sorted(won) == [False, True]
        end = log.span()[1] - 1
        assert one.reached(end, within=WITHIN)
        assert two.reached(end, within=WITHIN)
        assert value_of(one.view) == value_of(two.view) == ("ada" if won[0] else "eve")


def test_a_deleted_object_keeps_its_revision(store: Store) -> None:
    """What is made anew under the name of a deleted object is a later revision."""
    store.write(change("red", 0), actor="ada")
    store.write(Change(COLOUR, None, 1, "delete"), actor="ada")
    with pytest.raises(NotFoundError, match="there is no variable colour of acme"):
        store.view.get(COLOUR)
    assert store.write(change("blue", 2), actor="ada").record.revision == 3


def test_a_new_reader_sees_what_was_written_before(log: MemoryLog, store: Store) -> None:
    """The view is rebuilt from offset 0."""
    store.write(change("red", 0), actor="ada")
    with memory_store(log=log) as later:
        assert value_of(later.view) == "red"


def test_another_store_follows(log: MemoryLog, store: Store) -> None:
    """A change reaches a reader that was there before it."""
    with memory_store(log=log) as reader:
        offset = store.write(change("red", 0), actor="ada").offset
        assert reader.reached(offset, within=WITHIN)
        assert value_of(reader.view) == "red"


def test_a_log_without_its_beginning_is_refused() -> None:
    """A view of half a log would be wrong, so there is none."""

    class Cut(MemoryLog):
        def span(self) -> tuple[int, int]:
            return 3, 9

    with pytest.raises(ControlLogError, match="begins at offset 3, not 0"):
        memory_store(log=Cut()).start()


def test_a_record_of_something_else_is_passed_over(log: MemoryLog, store: Store) -> None:
    """Bytes that are no control record hold nobody up."""
    log.append(b"?", b"not avro")
    assert store.write(change("red", 0), actor="ada").offset == 1


def test_an_object_over_its_budget_is_refused_before_it_is_written(
    log: MemoryLog, store: Store
) -> None:
    """The broker never sees it."""
    with pytest.raises(TooLargeError, match="the limit is"):
        store.write(change("x" * 300_000, 0), actor="ada")
    assert log.span() == (0, 0)


def test_the_trail_has_losers_too(log: MemoryLog, store: Store) -> None:
    """The audit trail says who asked for what, also where it came too late."""
    store.write(change("red", 0), actor="ada")
    late = ControlRecord(
        **COLOUR._asdict(), revision=1, write_id="x", actor="eve", operation="set blue", at=0
    )
    offset = log.append(b"", encode(late))
    assert store.reached(offset, within=WITHIN)
    trail = [(entry.record.actor, entry.fate) for entry in store.view.trail()]
    assert trail == [("ada", "won"), ("eve", "lost")]


def seed(letter: bytes) -> str:
    """A signing key for tests."""
    return base64.b64encode(letter * 32).decode()


def test_only_signed_records_count_where_keys_are_configured(log: MemoryLog) -> None:
    """A record without a believed signature changes nothing, in any view, and is in the trail."""
    with memory_store(log=log) as forger:
        forged = forger.write(change("forged", 0), actor="eve").offset
    with memory_store(log=log, signing=Signing(seed(b"a"))) as signed:
        assert signed.view.find(COLOUR) is None
        signed.write(change("true", 0), actor="ada")
        assert value_of(signed.view) == "true"
        assert [entry.fate for entry in signed.view.trail()] == ["refused", "won"]
    assert forged == 0


def test_a_signature_covers_every_member() -> None:
    """A signed record cannot be reused for another object, revision or value."""
    signing = Signing(seed(b"a"))
    record = signing.sign(
        ControlRecord(
            **COLOUR._asdict(),
            revision=1,
            body=b"{}",
            write_id="x",
            actor="ada",
            operation="set",
            at=1,
        )
    )
    assert signing.believes(record)
    for member, other in {
        "kind": "flow",
        "tenant": "evil",
        "name": "colou",
        "revision": 2,
        "body": None,
        "write_id": "y",
        "actor": "eve",
        "operation": "get",
        "at": 2,
    }.items():
        assert not signing.believes(record.model_copy(update={member: other})), member


def test_views_of_the_same_log_are_the_same(log: MemoryLog) -> None:
    """Many writers, any interleaving: each revision has one winner and every view agrees."""
    stores = [memory_store(log=log) for _ in range(3)]
    for one in stores:
        one.start()

    def attempt(number: int) -> bool:
        store = stores[number % 3]
        try:
            store.write(change(number, store.view.revision(COLOUR)), actor=f"writer-{number}")
        except ConflictError:
            return False
        return True

    with ThreadPoolExecutor(9) as pool:
        won = sum(pool.map(attempt, range(90)))
    replay = View()
    for record in log.read(0, wait=timedelta(0)):
        replay.apply(LogRecord(*record))
    for one in stores:
        assert one.reached(log.span()[1] - 1, within=WITHIN)
        assert one.view.get(COLOUR) == replay.get(COLOUR)
        one.close()
    assert replay.revision(COLOUR) == won
