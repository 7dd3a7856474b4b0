"""When a guest that keeps failing is started again, and when it is not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from authstream.sandbox.circuit import OPEN_FOR, RESTART_WINDOW, RESTARTS, Circuit, Refusal


class Clock:
    """A monotonic clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """Seconds."""
        return self.now

    def move(self, by: timedelta) -> None:
        """Let time pass."""
        self.now += by.total_seconds()


@pytest.fixture
def clock() -> Clock:
    """The circuit's time."""
    return Clock()


@pytest.fixture
def circuit(clock: Clock) -> Circuit:
    """A closed circuit."""
    return Circuit(clock=clock)


def fail(circuit: Circuit, times: int) -> None:
    """Fail again and again at one moment."""
    for _ in range(times):
        circuit.failed("exited with status 1")


def answer(circuit: Circuit) -> tuple[str, str] | None:
    """How an event is refused now."""
    refusal = circuit.refusal
    return None if refusal is None else (refusal.status, refusal.error)


def test_it_opens_with_one_failure_more_than_is_allowed(circuit: Circuit) -> None:
    """Five restarts a minute are allowed, the sixth failure opens."""
    fail(circuit, RESTARTS)
    assert answer(circuit) is None
    fail(circuit, 1)
    status, error = answer(circuit) or ("", "")
    assert status == "unavailable"
    assert "6 times within a minute; the last time it exited" in error


def test_old_failures_are_forgotten(circuit: Circuit, clock: Clock) -> None:
    """Only those within the window count."""
    fail(circuit, RESTARTS)
    clock.move(RESTART_WINDOW + timedelta(seconds=1))
    fail(circuit, RESTARTS)
    assert circuit.refusal is None


def test_it_is_half_open_after_its_time_and_closes_with_a_success(
    circuit: Circuit, clock: Clock
) -> None:
    """One success is enough, and clears the record."""
    fail(circuit, RESTARTS + 1)
    clock.move(OPEN_FOR)
    assert circuit.half_open
    assert circuit.refusal is None
    circuit.recovered()
    fail(circuit, RESTARTS)
    assert circuit.refusal is None


def test_one_failure_while_half_open_opens_again(circuit: Circuit, clock: Clock) -> None:
    """Even when the failures before are out of the window."""
    fail(circuit, RESTARTS + 1)
    clock.move(RESTART_WINDOW * 2)
    assert circuit.half_open
    fail(circuit, 1)
    assert circuit.refusal is not None


def test_the_first_restart_is_at_once_and_later_ones_wait_longer(circuit: Circuit) -> None:
    """0, 50, 100, 200, 400 ms."""
    waits: list[float] = []
    for _ in range(RESTARTS):
        circuit.failed("exited")
        waits.append(circuit.backoff)
    assert waits == [0, 0.05, 0.1, 0.2, 0.4]


def test_a_trip_gives_its_own_answer(circuit: Circuit) -> None:
    """An action that does not load answers every event with its error."""
    circuit.trip(Refusal("error", "SyntaxError"))
    assert circuit.refusal == Refusal("error", "SyntaxError")
