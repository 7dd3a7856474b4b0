"""A flow under edit: what was done to it, said in the fewest sentences."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authstream.console.flow_draft import FlowDraft, Step, changes

NAMES = ("a", "b", "c", "d")


def binding(action: str, **members: Any) -> dict[str, Any]:
    """As the admin API has it."""
    return {"action": action, "version": 1, "timeout_ms": 1000, **members}


def draft(*names: str) -> FlowDraft:
    """A flow of these."""
    return FlowDraft.of([binding(name) for name in names], 3)


def said(draft: FlowDraft) -> list[str]:
    """The sentences."""
    return [one.text for one in draft.changes()]


def test_untouched_it_changes_nothing() -> None:
    """Opening a flow is no change of it."""
    flow = draft(*NAMES)
    assert (flow.dirty, flow.changes()) == (False, [])


def test_one_step_that_is_dragged_is_one_change() -> None:
    """The others, which made way for it, are not said to have moved."""
    flow = draft(*NAMES)
    assert flow.move(3, 0)
    assert said(flow) == ["d moves from position 4 to 1"]


@pytest.mark.parametrize(("old", "new"), [(0, -1), (3, 4), (1, 1)])
def test_there_is_no_way_over_the_end(old: int, new: int) -> None:
    """A key that is pressed at the first or last step does nothing."""
    flow = draft(*NAMES)
    assert (flow.move(old, new), flow.dirty) == (False, False)


def test_what_is_added_removed_and_set_is_said() -> None:
    """Each in words of its own."""
    flow = draft("a", "b")
    flow.remove(0)
    flow.add("c", 0)
    flow.change(1, enabled=False, when="event.x", timeout_ms=1500, on_error="skip", version=2)
    assert said(flow) == [
        "a is taken out",
        "c is added at position 1",
        "b: switched off",
        "b: runs when event.x",
        "b: time-out 1 s → 1.5 s",
        "b: an error is passed over",
        "b: version 1 → 2",
    ]


def test_an_action_is_in_a_flow_once() -> None:
    """Dropped again, it moves."""
    flow = draft("a", "b")
    flow.add("a")
    assert [step.action for step in flow.steps] == ["b", "a"]


def test_a_canary_is_kept() -> None:
    """What the page does not show a field for goes through it unchanged."""
    canary = {"version": 2, "share": 0.25, "max_errors": 0.05, "min_runs": 20}
    flow = FlowDraft.of([binding("a", canary=canary), binding("b")], 1)
    flow.move(0, 1)
    assert flow.steps[1].binding()["canary"] == canary


def test_mine_on_top_of_theirs() -> None:
    """After a conflict the difference is to what somebody else put into effect."""
    flow = draft("a", "b")
    flow.move(0, 1)
    flow.rebase([binding("a"), binding("b"), binding("c")], 4)
    assert (said(flow), flow.revision) == (
        ["c is taken out", "a moves from position 1 to 2"],
        4,
    ) or said(flow) == ["c is taken out", "b moves from position 2 to 1"]


@given(st.permutations(NAMES))
def test_an_order_is_reached_by_the_moves_that_are_said(order: list[str]) -> None:
    """Nothing is said of the same order, and never more than needed to be moved."""
    found = changes([Step(name) for name in NAMES], [Step(name) for name in order])
    assert (found == []) == (list(NAMES) == order)
    assert len(found) < len(NAMES)
