"""The first record of a key within a window of broker time."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from authstream.engine.window import FirstWindow, leg_key
from tests.samples import FLOW, NOW

HOUR = 3_600_000


def window() -> FirstWindow:
    """One hour."""
    return FirstWindow(timedelta(hours=1))


def test_the_first_offset_of_a_key_wins() -> None:
    """A second record of the same key is told the first one's place."""
    known = window()
    assert known.first(b"a", 5, at=NOW) == 5
    assert known.first(b"a", 9, at=NOW + 1) == 5
    assert (known.get(b"a"), known.get(b"b"), len(known)) == (5, None, 1)


def test_a_key_is_known_for_the_whole_window() -> None:
    """Other records later in the hour do not push it out."""
    known = window()
    known.first(b"a", 1, at=NOW)
    known.first(b"b", 2, at=NOW + HOUR)
    assert known.get(b"a") == 1


def test_a_key_is_forgotten_after_the_window() -> None:
    """At the latest one eighth of the window later, so memory is bounded."""
    known = window()
    known.first(b"a", 1, at=NOW)
    known.first(b"b", 2, at=NOW + HOUR + HOUR // 8 + 1)
    assert (known.get(b"a"), len(known)) == (None, 1)


def test_a_late_time_does_not_move_the_window_back() -> None:
    """A record with an old timestamp is remembered with the newest."""
    known = window()
    known.first(b"new", 1, at=NOW + HOUR)
    known.first(b"late", 2, at=NOW - 10 * HOUR)
    assert (known.get(b"new"), known.get(b"late")) == (1, 2)


def test_an_offset_can_be_filled_in() -> None:
    """What was in flight gets its place once the broker has told it."""
    known = window()
    known.first(b"a", -1, at=NOW)
    known.replace(b"a", 7, at=NOW)
    known.replace(b"b", 8, at=NOW)
    assert (known.get(b"a"), known.get(b"b"), len(known)) == (7, 8, 2)


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, HOUR - 1)), max_size=40))
def test_within_a_window_every_key_keeps_its_first_offset(seen: list[tuple[str, int]]) -> None:
    """As a dictionary that is only filled once for each key."""
    known, model = window(), dict[bytes, int]()
    for offset, (key, later) in enumerate(seen):
        first = model.setdefault(key.encode(), offset)
        assert known.first(key.encode(), offset, at=NOW + later) == first


def test_legs_have_keys_of_their_own() -> None:
    """Flow and leg both count; ids that are no UUIDs work too."""
    keys = [leg_key(FLOW, 0), leg_key(FLOW, 1), leg_key("odd", 0), leg_key(FLOW, 2**20)]
    assert len(set(keys)) == 4
    assert len(keys[0]) == 18
