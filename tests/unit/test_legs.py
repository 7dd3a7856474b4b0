"""Legs: what earlier ones have done is not done again, what they decided stays."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from authstream.contracts.budgets import EVENT_BYTES
from authstream.contracts.envelope import Envelope, Slip
from authstream.contracts.resume import Resume
from authstream.contracts.verdict import Verdict
from authstream.engine.identity import effect_id
from authstream.engine.legs import continues, renewed, resumed
from authstream.engine.recording import Recorder
from authstream.errors import InvalidEventError, TooLargeError
from tests.samples import FLOW, NOW, TRIGGERS, command, envelope, event, fold, run, step

FIRST, SECOND, THIRD = step("first"), step("second"), step("third")
REDIRECT = command("redirect.sendUserTo", "https://a.example/", action="second")
SKIPPED = step("left-out", skipped=True)


def suspended(*commands: Any, **members: Any) -> Envelope:
    """Leg 0: the second action sends the browser away."""
    said: dict[str, Any] = {
        "slip": Slip(steps=(FIRST, SKIPPED, SECOND, THIRD), position=2),
        "runs": (run("first"), run("second", "suspended")),
        "state": "the-state",
        **members,
    }
    return envelope(*commands, REDIRECT, **said)


def finished(*commands: Any, leg: int = 1, **members: Any) -> Envelope:
    """Leg 1: the second action went on, the third ran."""
    later = tuple(run(name).model_copy(update={"leg": leg}) for name in ("second", "third"))
    said: dict[str, Any] = {
        "leg": leg,
        "slip": Slip(steps=(FIRST, SKIPPED, SECOND, THIRD), position=4),
        "runs": (run("first"), run("second", "suspended"), *later),
        **members,
    }
    return envelope(REDIRECT, *commands, **said)


def decided(said: Envelope) -> Verdict:
    """Its verdict, in time."""
    return fold(said, now=NOW + 10)


def in_leg(number: int, *said: Any, **members: Any) -> Any:
    """A command of a leg."""
    return command(*said, **members).model_copy(update={"leg": number})


def test_a_suspended_leg_asks_and_gives_nothing() -> None:
    """Redirect and state; no claims yet, as no token is made."""
    verdict = decided(suspended(command("idToken.setCustomClaim", "a", 1)))
    assert (verdict.outcome, verdict.state) == ("suspended", "the-state")
    assert verdict.redirect == {"url": "https://a.example/?state=the-state"}
    assert (verdict.claims.id_token, verdict.code) == ({}, None)
    assert [one.status for one in verdict.steps] == ["ok", "skipped", "suspended", "not_run"]


def test_claims_stay_and_metadata_and_redirect_do_not() -> None:
    """A later leg gives all claims, and only its own metadata."""
    earlier = (
        command("idToken.setCustomClaim", "a", 1),
        command("user.setAppMetadata", "a", 1),
        command("user.setUserMetadata", "a", 1),
    )
    verdict = decided(
        finished(
            *earlier,
            in_leg(1, "idToken.setCustomClaim", "b", 2),
            in_leg(1, "user.setAppMetadata", "b", 2),
        )
    )
    assert (verdict.outcome, verdict.state, verdict.redirect) == ("allowed", None, {})
    assert verdict.claims.id_token == {"a": 1, "b": 2}
    assert (verdict.metadata.app_metadata, verdict.metadata.user_metadata) == ({"b": 2}, {})


def test_effects_keep_their_ids_over_legs() -> None:
    """What was not sent with the suspension is sent under the id it was listed with."""
    orders = [command("effects.send", "log", {}, {"on": on}) for on in ("always", "allowed")]
    listed = decided(suspended(*orders)).effects
    assert [one.id for one in listed] == [effect_id(FLOW, 0, 0), effect_id(FLOW, 0, 1)]
    later = decided(finished(*orders, in_leg(1, "effects.send", "log", {}))).effects
    assert [one.id for one in later] == [effect_id(FLOW, 0, 1), effect_id(FLOW, 1, 0)]


def test_an_action_cannot_be_jumped_over_by_suspending() -> None:
    """What comes before the suspended step must have run, and in the end all of it."""
    jumped = decided(suspended(runs=(run("second", "suspended"),)))
    assert (jumped.outcome, jumped.code) == ("failed", "incomplete")
    half = finished(runs=(run("first"), run("second", "suspended"), run("third")))
    assert decided(half).code == "incomplete"
    assert decided(finished()).outcome == "allowed"


def test_a_suspension_that_is_not_in_the_log_lets_nobody_in() -> None:
    """An envelope with a redirect of its own leg but no state is no allowed flow."""
    verdict = decided(finished(REDIRECT.model_copy(update={"leg": 1})))
    assert (verdict.outcome, verdict.code) == ("failed", "incomplete")


def test_a_suspended_leg_that_is_late_is_failed() -> None:
    """Nobody is sent away by an answer that nobody waits for."""
    assert fold(suspended(), now=NOW + 20_001).code == "timeout"


def test_an_execution_has_the_runs_of_its_leg() -> None:
    """Those before are in the executions of their own legs."""
    said = finished()
    record = Recorder(TRIGGERS).decided(said, decided(said))
    assert [one.action for one in record.runs] == ["second", "third"]
    assert [one.status for one in decided(said).steps] == ["ok", "skipped", "ok", "ok"]


def test_the_next_leg_has_its_own_time() -> None:
    """It begins where the flow waits, and it is not yet suspended."""
    waiting = suspended(state=None)
    later = resumed(waiting, at=NOW + 60_000, until=NOW + 80_000)
    assert (later.leg, later.slip, later.commands) == (1, waiting.slip, waiting.commands)
    assert (later.requested_at, later.deadline_at) == (NOW + 60_000, NOW + 80_000)
    assert continues(later)
    assert not continues(finished())
    assert not continues(envelope(runs=()))


def new_event(request: dict[str, Any], **members: Any) -> dict[str, Any]:
    """The event of a resumed flow."""
    resume = Resume(state="s", request=request, event=members)
    found: dict[str, Any] = orjson.loads(renewed(suspended(), resume, TRIGGERS["post-login"]).event)
    return found


def test_the_new_request_replaces_the_old_one() -> None:
    """All of it; of the rest of the event, only what a form or MFA gave is new."""
    request = {"ip": "192.0.2.7", "query": {"state": "s"}}
    assert new_event(request) == event(request=request)
    methods = {"methods": [{"name": "mfa"}]}
    assert new_event(request, authentication=methods)["authentication"] == methods


@pytest.mark.parametrize("name", ["user", "secrets", "tenant"])
def test_nothing_else_of_an_event_changes(name: str) -> None:
    """Who logs in was decided when the flow began."""
    with pytest.raises(InvalidEventError, match=name):
        new_event({"ip": "192.0.2.7"}, **{name: {}})


def test_a_new_request_is_checked_as_the_first_one() -> None:
    """By the trigger's model, and against the budget of an event."""
    with pytest.raises(InvalidEventError, match="ip"):
        new_event({"query": {}})
    with pytest.raises(TooLargeError):
        new_event({"ip": "192.0.2.7", "body": {"a": "x" * EVENT_BYTES}})
