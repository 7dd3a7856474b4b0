"""What the files in `triggers/` declare, and what follows from it."""

from __future__ import annotations

import inspect

import orjson
import pytest

from authstream.apps.stages import triggers
from authstream.contracts import headers as h
from authstream.contracts.budgets import DECIDED_WINDOW
from authstream.contracts.envelope import Failure, Origin
from authstream.contracts.parameter import CommandRefusedError
from authstream.contracts.verdict import Retry, Verdict
from authstream.engine.trigger import Trigger
from authstream.errors import ConfigurationError
from authstream.stages.deadline import deadline
from tests.samples import NOW, command, envelope, fold, message, run

KNOWN = triggers()
ALL = pytest.mark.parametrize("trigger", KNOWN.values(), ids=KNOWN)


@ALL
def test_a_trigger_is_named_as_its_file(trigger: Trigger) -> None:
    """`post-login` is in `post_login.py`, whose first line says what it is for."""
    module = (
        inspect.getmodule(trigger.event)
        if trigger.event.__module__.startswith("authstream.triggers")
        else None
    )
    assert module is None or module.__name__.endswith(f".{trigger.name.replace('-', '_')}")


@ALL
def test_parts_give_members_of_a_verdict(trigger: Trigger) -> None:
    """And only one part of a trigger has the rule of a command."""
    members = [name for part in trigger.parts for name in part.gives]
    assert set(members) <= Verdict.model_fields.keys()
    commands = [name for part in trigger.parts for name in part.rules]
    assert len(commands) == len(set(commands))


def test_denials_are_those_that_end_a_flow() -> None:
    """No later action runs after any of them."""
    ending = {
        name
        for trigger in KNOWN.values()
        for part in trigger.parts
        for name in part.rules
        if trigger.denies(name)
    }
    assert ending == {
        "access.deny",
        "access.rejectInvalidSubjectToken",
        "validation.error",
        "session.revoke",
        "refreshToken.revoke",
        "notification.drop",
        "notification.retry",
    }


@pytest.mark.parametrize(
    ("name", "fits", "not_fit"),
    [
        ("post-login", (0, 21), ()),
        ("credentials-exchange", (0, 21), ()),
        ("password-reset-post-challenge", (0, 4), (5,)),
        ("custom-email-provider", (1,), (0, 2)),
        ("custom-phone-provider", (1,), (0, 2)),
        ("custom-token-exchange", (1, 21), (0,)),
    ],
)
def test_a_flow_has_as_many_actions_as_its_trigger_takes(
    name: str, fits: tuple[int, ...], not_fit: tuple[int, ...]
) -> None:
    """Auth0's limits of binding; the error says what they are. Others go by the operator's."""
    for count in fits:
        KNOWN[name].check_actions(count)
    for count in not_fit:
        with pytest.raises(ConfigurationError, match=f"a flow of {name} has .* not {count}"):
            KNOWN[name].check_actions(count)


def test_flows_that_nobody_waits_for_may_start_late() -> None:
    """Their actions have the whole budget then, all of them together."""
    late = KNOWN["post-user-registration"]
    flow = envelope(deadline_at=NOW + late.deadline.total_seconds() * 1000)
    assert late.deadline == DECIDED_WINDOW
    assert late.left(flow, now=NOW + 600_000) == 20_000
    ran = flow.model_copy(update={"runs": (run("a"), run("b"))})
    assert late.left(ran, now=NOW + 600_000) == 20_000 - 6


def test_flows_that_somebody_waits_for_end_in_time() -> None:
    """20 s from the event on, whatever ran."""
    waiting = KNOWN["post-login"]
    flow = envelope(deadline_at=NOW + 20_000)
    assert waiting.left(flow, now=NOW + 15_000) == 5_000


def test_what_need_not_be_waited_for_goes_on_without_its_caller() -> None:
    """Its deadline is the trigger's own, whatever the caller would wait."""
    record = message("t", b"", headers={h.DEADLINE: f"{NOW + 1_000}"})
    late, waiting = KNOWN["event-stream"], KNOWN["post-login"]
    assert deadline(record, late) == NOW + DECIDED_WINDOW.total_seconds() * 1_000
    assert deadline(record, waiting) == NOW + 900


def test_an_event_of_a_stream_is_published_again_after_a_failure() -> None:
    """Four deliveries in all, 1, 2 and 4 s apart; an event that is wrong is wrong again."""
    broken = Failure(code="action_error", reason="it broke", action="sync")
    said = fold(envelope(trigger="event-stream", failure=broken), now=NOW)
    assert said.retry is not None
    assert said.retry.waits_ms == (1_000, 2_000, 4_000)
    wrong = Failure(code="invalid_event", reason="no message")
    assert fold(envelope(trigger="event-stream", failure=wrong), now=NOW).retry is None
    assert fold(envelope(trigger="post-login", failure=broken), now=NOW).retry is None
    assert fold(envelope(trigger="event-stream"), now=NOW).retry is None


def test_a_retry_counts_the_tries_before_and_says_where_the_event_is() -> None:
    """Whoever publishes it again knows what is left; after the last try that is nothing."""
    broken = Failure(code="action_error", reason="it broke", action="sync")
    for attempt, waits in ((0, (1_000, 2_000, 4_000)), (2, (4_000,)), (3, ())):
        origin = Origin(partition=2, offset=7, attempt=attempt)
        flow = envelope(trigger="event-stream", failure=broken, origin=origin)
        said = fold(flow, now=NOW).retry
        assert said == Retry(waits_ms=waits, attempt=attempt, partition=2, offset=7)


def test_only_events_that_may_be_tried_again_are_kept_track_of() -> None:
    """A login is the provider's to repeat."""
    assert {name for name, trigger in KNOWN.items() if trigger.retries} == {
        *("custom-email-provider", "custom-phone-provider", "event-stream"),
    }


def test_a_command_of_another_trigger_is_refused() -> None:
    """A forged envelope fails its flow: a sign-up has no claims."""
    claim = command("idToken.setCustomClaim", "a", 1)
    with pytest.raises(CommandRefusedError, match=r"idToken\.setCustomClaim"):
        fold(envelope(claim, trigger="pre-user-registration"), now=NOW)


@ALL
def test_what_is_secret_is_taken_out(trigger: Trigger) -> None:
    """Every sensitive path of an event is gone from what becomes a dead letter."""
    event: dict[str, object] = {}
    for path in trigger.sensitive:
        *within, name = path.split(".")
        at: dict[str, object] = event
        for step in within:
            at = at.setdefault(step, {})  # type: ignore[assignment]  # made just here
        at[name] = "hunter2"
    assert b"hunter2" not in (trigger.stripped(orjson.dumps(event)) or b"")
