"""Which calls are asked and which are answered at once, on a clock that the test moves."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import timedelta

import pytest

from authstream.gateway.admission import PROBE_EVERY, Admission, ShedError

SECOND = timedelta(seconds=1)


class Clock:
    """Seconds, moved by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """The time."""
        return self.now


def enter(
    admission: Admission,
    tenant: str = "acme",
    *,
    rate: int = 1000,
    deadline: timedelta = SECOND,
    stack: ExitStack | None = None,
) -> None:
    """One call, which ends at once, or with the stack."""
    entered = admission.entered("shop", tenant, rate=rate, deadline=deadline)
    if stack is not None:
        stack.enter_context(entered)
    else:
        with entered:
            pass


def test_a_burst_of_two_seconds_then_the_rate() -> None:
    """Four at once with a rate of two, then one for each half second."""
    clock = Clock()
    admission = Admission(100, clock)
    for _ in range(4):
        enter(admission, rate=2)
    with pytest.raises(ShedError, match="rate_limited"):
        enter(admission, rate=2)
    clock.now = 0.5
    enter(admission, rate=2)
    with pytest.raises(ShedError):
        enter(admission, rate=2)


def test_each_tenant_has_its_own_rate() -> None:
    """One tenant's burst costs another nothing."""
    admission = Admission(100, Clock())
    for _ in range(2):
        enter(admission, "acme", rate=1)
    enter(admission, "other", rate=1)


def test_a_tenant_cannot_take_all_places() -> None:
    """Half full, a tenant that has its share waits behind one that has less."""
    admission = Admission(10, Clock())
    with ExitStack() as stack:
        enter(admission, "small", stack=stack)
        for _ in range(5):
            enter(admission, "greedy", stack=stack)
        with pytest.raises(ShedError, match="overloaded"):
            enter(admission, "greedy")
        enter(admission, "small", stack=stack)


def test_a_lone_tenant_may_have_all_places() -> None:
    """And one more is too many."""
    admission = Admission(10, Clock())
    with ExitStack() as stack:
        for _ in range(10):
            enter(admission, stack=stack)
        with pytest.raises(ShedError, match="overloaded"):
            enter(admission)
    enter(admission)


def test_what_cannot_be_in_time_is_shed_at_once() -> None:
    """Where asking takes ten seconds, a caller that waits one is answered now."""
    clock = Clock()
    admission = Admission(100, clock)
    slow(admission, clock, seconds=10)
    enter(admission)  # the probe
    with pytest.raises(ShedError, match="overloaded"):
        enter(admission)
    enter(admission, deadline=timedelta(seconds=20))


def test_probes_find_out_when_it_is_over() -> None:
    """One call in a while is asked all the same: fast ones open the door again."""
    clock = Clock()
    admission = Admission(100, clock)
    slow(admission, clock, seconds=10)
    for _ in range(15):
        clock.now += PROBE_EVERY.total_seconds()
        enter(admission)
    for _ in range(5):
        enter(admission)


def slow(admission: Admission, clock: Clock, *, seconds: float) -> None:
    """Calls that take so long."""
    for _ in range(10):
        with admission.entered("shop", "acme", rate=1000, deadline=timedelta(seconds=60)):
            clock.now += seconds
