"""From a flow to a slip: conditions, skipped steps, positions."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from authstream.contracts.envelope import Slip
from authstream.engine.conditions import ConditionError, compiled, holds
from authstream.engine.plan import Binding, Flow, current, plan, position_from, unfinished
from authstream.errors import ConfigurationError
from tests.samples import envelope, event, run, step

ONE, TWO = step("one"), step("two")
LEFT_OUT = step("left-out", skipped=True)


def binding(action: str, when: str | None = None) -> Binding:
    """A bound action with its limits."""
    return Binding(action, 3, f"topic-{action}", when, timedelta(seconds=2), "skip")


def test_without_a_flow_nothing_is_planned() -> None:
    """Nothing bound: straight to assemble."""
    assert plan(None, event()) == Slip()


def test_a_slip_pins_what_was_bound() -> None:
    """Order, version, topic, time limit and error policy as they are at that control offset."""
    flow = Flow("default", "post-login", (binding("b"), binding("a")), control_offset=7)
    slip = plan(flow, event())
    assert [one.action for one in slip.steps] == ["b", "a"]
    assert slip.control_offset == 7
    first = slip.steps[0]
    assert (first.version, first.topic, first.timeout_ms, first.on_error, first.skipped) == (
        3,
        "topic-b",
        2_000,
        "skip",
        False,
    )


def test_a_false_condition_skips_its_step() -> None:
    """The step stays in the slip, so that the verdict can list it."""
    flow = Flow(
        "default", "post-login", (binding("a", "event.client.name == 'Other'"), binding("b"))
    )
    assert [one.skipped for one in plan(flow, event()).steps] == [True, False]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (None, True),
        ("event.client.name == 'Shop'", True),
        ("event.user.email.endsWith('@example.com')", True),
        ("has(event.organization)", False),
        ("has(event.stats) && event.stats.logins_count == 1", False),
        ("event.request.ip in ['192.0.2.1']", True),
    ],
)
def test_a_condition_is_cel_over_the_event(source: str | None, *, expected: bool) -> None:
    """Members, functions and has(), as CEL defines them."""
    assert holds(source, event()) is expected


@pytest.mark.parametrize(
    "source",
    [
        "event.stats.logins_count == 1",
        "event.user.email > 3",
        "event.user.roles[0] == 'x'",
        "1 / event.zero == 1",
        "event.list[5] == 1",
        "timestamp(event.user.email) < timestamp('2020-01-01T00:00:00Z')",
        "unknown == 1",
        "event.client.name",
        "1 + 1",
    ],
)
def test_a_condition_that_is_neither_true_nor_false_fails_the_flow(source: str) -> None:
    """A missing member, types that do not fit, division by zero: no step is left out in silence."""
    with pytest.raises(ConditionError, match="condition "):
        holds(source, event(zero=0, list=[1]))


@pytest.mark.parametrize(
    "source", ["duration(event.user.email) < duration('1s')", "'x'.matches(event.user.email)"]
)
def test_an_error_of_a_condition_holds_no_value_of_the_event(source: str) -> None:
    """Its text goes to dead letters and verdicts, where personal data must not be."""
    said: dict[str, Any] = event()
    said["user"]["email"] = "(private"
    with pytest.raises(ConditionError) as caught:
        holds(source, said)
    assert "(private" not in str(caught.value)


def test_a_condition_that_is_no_cel_is_told_when_it_is_written() -> None:
    """Compiling names the condition."""
    with pytest.raises(ConfigurationError, match=r"event\.\.x"):
        compiled("event..x")


@pytest.mark.parametrize(
    ("steps", "start", "expected"),
    [
        ((), 0, 0),
        ((ONE, TWO), 0, 0),
        ((ONE, TWO), 1, 1),
        ((ONE, TWO), 2, 2),
        ((LEFT_OUT, ONE), 0, 1),
        ((ONE, LEFT_OUT, LEFT_OUT, TWO), 1, 3),
        ((ONE, LEFT_OUT), 1, 2),
        ((LEFT_OUT,), 0, 1),
    ],
)
def test_a_position_passes_over_skipped_steps(steps: Any, start: int, expected: int) -> None:
    """The next step to run at or after a place; the number of steps when there is none."""
    assert position_from(steps, start) == expected


def test_the_current_step_is_the_one_at_the_position() -> None:
    """None once all are done."""
    steps = (ONE, TWO)
    assert current(envelope(slip=Slip(steps=steps, position=1))) == TWO
    assert current(envelope(slip=Slip(steps=steps, position=2))) is None


def test_unfinished_are_planned_steps_without_a_run() -> None:
    """Skipped ones apart."""
    flow = envelope(steps=(ONE, LEFT_OUT, TWO), runs=(run("one"),))
    assert unfinished(flow) == [TWO]
