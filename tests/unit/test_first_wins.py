"""The first record of a leg in `decided` is the verdict."""

from __future__ import annotations

from datetime import timedelta

from authstream.contracts import headers as h
from authstream.engine.first_wins import FirstWins
from authstream.engine.ports import Message
from tests.samples import FLOW, TOPICS, message

TOPIC = TOPICS.decided("post-login")


def decided(offset: int, *, partition: int = 0, repeat: bool = False) -> Message:
    """A record of leg 0."""
    headers = {h.FLOW_ID: FLOW, h.LEG: "0", **({h.REPEAT: "1"} if repeat else {})}
    return message(TOPIC, b"", headers=headers, offset=offset, partition=partition)


def rule() -> FirstWins:
    """With a window of an hour."""
    return FirstWins(timedelta(hours=1))


def test_only_the_first_record_of_a_leg_counts() -> None:
    """A zombie's second verdict is not accepted."""
    first = rule()
    assert first.accepts(decided(3), FLOW, 0)
    assert not first.accepts(decided(4), FLOW, 0)
    assert first.accepts(decided(5), FLOW, 1)


def test_a_record_read_again_is_judged_as_the_first_time() -> None:
    """After a crash the verdict is still the verdict."""
    first = rule()
    assert [first.accepts(decided(n), FLOW, 0) for n in (3, 4, 3, 4)] == [True, False, True, False]


def test_a_repeat_is_never_the_verdict() -> None:
    """It says again what was decided, even where the first record is not known."""
    first = rule()
    assert not first.accepts(decided(3, repeat=True), FLOW, 0)
    assert first.accepts(decided(4), FLOW, 0)


def test_a_window_read_back_knows_what_came_before() -> None:
    """At assignment the records before the position are remembered by their headers."""
    first = rule()
    first.remember(decided(3))
    first.remember(decided(4, repeat=True))
    first.remember(message(TOPIC, b"foreign", offset=5))
    assert not first.accepts(decided(9), FLOW, 0)


def test_partitions_do_not_know_each_other() -> None:
    """And one that goes to another process is forgotten."""
    first = rule()
    first.remember(decided(3))
    assert first.accepts(decided(3, partition=1), FLOW, 0)
    first.forget(TOPIC, 0)
    assert first.accepts(decided(8), FLOW, 0)
