"""The story of a flow: its sentences say what happened, why, and what to do."""

from __future__ import annotations

from typing import Any

import pytest

from authstream.contracts.answer import Answered
from authstream.contracts.effect import EffectDone
from authstream.contracts.envelope import Run, RunStatus
from authstream.contracts.execution import Execution
from authstream.executions.advice import BY_CODE, advice
from authstream.executions.explain import Story, explain
from authstream.executions.port import Flow, Letter, Recorded, Retry
from authstream.executions.waits import waits
from tests.samples import NOW

URL = "http://jaeger/trace/{trace_id}"


def ran(
    action: str, status: RunStatus = "ok", *, at: int = 3, ms: float = 5.0, lay: int = 1
) -> Run:
    """A run that began so many milliseconds after the event, after it lay in its topic."""
    began = NOW + at
    return Run(
        action=action,
        version=3,
        started_at=began,
        duration_ms=ms,
        status=status,
        queued_at=began - lay,
    )


def leg(*runs: Run, at: int = 12, written: int = 14, **members: Any) -> Recorded:
    """An execution decided so many milliseconds after its event."""
    said: dict[str, Any] = {
        **dict.fromkeys(("code", "reason")),
        "flow_id": "f1",
        "leg": 0,
        "tenant": "acme",
        "trigger": "post-login",
        "outcome": "allowed",
        "requested_at": NOW,
        "decided_at": NOW + at,
        "subject": "ada",
        "client": "shop",
        **members,
    }
    return Recorded(Execution(**said, runs=runs), NOW + written, "4bf9")


def told(*legs: Recorded, **members: Any) -> Story:
    """The story of a flow."""
    return explain(Flow("f1", legs, **members), trace_url=URL)


def test_a_story_says_who_where_when_and_how_it_ended() -> None:
    """In its first line; then the trace, then moment by moment."""
    story = told(leg(ran("crm", at=3), ran("claims", at=9, ms=1.5)))
    assert story.headline == (
        "post-login of ada at shop (tenant acme), 2023-11-14 22:13:20.000+00:00: "
        "ALLOWED after 12 ms"
    )
    assert story.trace == "http://jaeger/trace/4bf9"
    assert [(one.at - NOW, one.text) for one in story.happened] == [
        (0, "the event came in"),
        (3, "crm version 3 ran 5.0 ms: ok"),
        (9, "claims version 3 ran 1.5 ms: ok"),
        (12, "verdict: allowed"),
    ]
    assert story.lines()[7] == "        +9 ms  claims version 3 ran 1.5 ms: ok"


def test_what_did_not_take_effect_is_told() -> None:
    """With the reason; and a failure takes all of it."""
    drop = {"action": "claims", "command": "idToken.setCustomClaim", "target": "sub", "reason": "x"}
    story = told(leg(verdict={"dropped": [drop]}))
    assert story.dropped == ("idToken.setCustomClaim sub of claims: x",)


def test_a_flow_of_several_legs_is_one_story() -> None:
    """It ends with the last one."""
    first = leg(ran("terms", "suspended"), outcome="suspended")
    second = leg(ran("terms", at=60_003), leg=1, requested_at=NOW + 60_000, at=60_010)
    assert "terms sent the browser away" in told(first).why[0]
    story = told(first, second)
    assert "leg 1: ALLOWED after 10 ms" in story.headline
    assert "the browser came back: leg 1" in [one.text for one in story.happened]


def test_another_answer_than_the_verdict_is_told() -> None:
    """The provider did not wait, or its policy decided."""
    answer = Answered(
        tenant="acme",
        trigger="post-login",
        connection="kratos",
        provider="kratos",
        flow_id="f1",
        leg=0,
        told="failed_closed",
        code="timeout",
        status=504,
        ms=900.0,
        answered_at=NOW + 900,
    )
    story = told(leg(), answers=(answer,))
    assert any(
        "kratos was told failed_closed, which is not the verdict" in one for one in story.why
    )
    assert "kratos was told failed_closed (timeout), HTTP 504, after 900 ms" in "\n".join(
        story.lines()
    )


def test_a_delivery_that_waits_or_was_given_up_says_what_to_do() -> None:
    """The reason, and that it goes on by itself, or how to bring it on."""
    retry = Retry(id="e", kind="email", attempts=2, reason="refused", waits_since=NOW + 20)
    dead = EffectDone(
        id="d", kind="sms", flow_id="f1", status="dead", detail="no", attempts=11, done_at=NOW + 30
    )
    story = told(leg(), retries=(retry,), effects=(dead,))
    text = "\n".join(story.lines())
    assert "email not delivered, 2 tries so far" in text
    assert "refused" in text
    assert "sms was given up after 11 tries" in text


def test_a_dead_letter_without_a_verdict_is_a_story_too() -> None:
    """Who set it aside, why, and where it is."""
    letter = Letter(
        place="2/7", reason="unsigned_slip", detail="d", stage="action.x", topic="t", at=NOW
    )
    story = told(letters=(letter,))
    assert story.headline == "No verdict is recorded."
    assert story.why == ("action.x set it aside: d",)
    assert "see the dead letter: authstream dead-letters show 2/7" in story.advice


@pytest.mark.parametrize(
    ("recorded", "where", "cause"),
    [
        (leg(ran("crm", at=1000)), "before entry had planned it", "entry was behind"),
        (leg(ran("crm", at=1000, lay=995)), "in the topic of crm", "stage of crm was behind"),
        (leg(ran("crm"), at=1000), "after crm had run", "the broker was away"),
        (leg(at=1000, failed_by="crm"), "before any action had run", "the stage of crm"),
        (leg(ran("crm"), written=1000), "in the topic of assemble", "assemble was behind"),
    ],
)
def test_time_that_no_action_used_is_told(recorded: Recorded, where: str, cause: str) -> None:
    """Where it went, and what may be the cause; a few milliseconds are not told."""
    (wait,) = waits(recorded)
    assert where in wait.where
    assert cause in wait.cause
    assert waits(leg(ran("crm"))) == []


def test_every_code_of_ours_has_its_advice() -> None:
    """And one that nobody knows says where to look."""
    for code in BY_CODE:
        lines = advice(code, action="crm", flow="f1")
        assert lines
        assert not any("{" in line for line in lines)
    assert "errors.md" in advice("somebody_elses", action=None, flow="f1")[0]


def test_a_story_is_json_too() -> None:
    """For other programs."""
    said = told(leg(ran("crm"))).public()
    assert said["happened"][1]["text"].startswith("crm version 3")
    assert set(said) == {
        "flow_id", "headline", "happened", "why", "dropped", "advice", "trace"
    }  # fmt: skip
