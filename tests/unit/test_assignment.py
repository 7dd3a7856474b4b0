"""The bookkeeping of a partition: a prefix that is done, whatever the order of doing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from authstream.broker.assignment import Assigned
from authstream.engine.ports import Message


def message(offset: int) -> Message:
    """A message at an offset."""
    return Message("in", 0, offset, None, None, (), 0)


@given(st.permutations(range(12)), st.integers(0, 2**40))
def test_safe_is_the_end_of_the_prefix_that_is_done(order: list[int], start: int) -> None:
    """After each step nothing before `safe` is open, and what follows it is."""
    partition = Assigned("in", 0)
    cells = [partition.add(message(start + number)) for number in range(len(order))]
    done: set[int] = set()
    for number in order:
        cells[number].done = True
        done.add(number)
        partition.advance()
        prefix = next(n for n in range(len(order) + 1) if n not in done)
        assert partition.safe == (start + prefix if prefix else None)
    assert not partition.pending


def test_gaps_in_offsets_are_passed() -> None:
    """Offsets that a compacted or transactional log leaves out hold nothing up."""
    partition = Assigned("in", 0)
    cells = [partition.add(message(offset)) for offset in (3, 7, 20)]
    for cell in cells[:2]:
        cell.done = True
    partition.advance()
    assert partition.safe == 8
    assert partition.behind == 1


def test_behind_counts_from_the_oldest_that_is_not_done() -> None:
    """It is what a crash would repeat; with nothing in work it is nothing."""
    partition = Assigned("in", 0)
    assert partition.behind == 0
    cells = [partition.add(message(offset)) for offset in range(5)]
    cells[1].done = True
    partition.advance()
    assert partition.behind == 5
    cells[0].done = True
    partition.advance()
    assert partition.behind == 3
