"""The fold, against plain models of its rules, over any commands."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authstream.apps.stages import triggers
from authstream.contracts.avro import decode, encode
from authstream.contracts.envelope import Command, Failure
from authstream.contracts.parameter import CommandRefusedError
from authstream.contracts.verdict import Verdict
from authstream.engine.restricted import APP_METADATA, CLAIMS
from tests.records import JSON, SCALARS
from tests.samples import NOW, command, envelope, fold, run, step

_CLAIM_NAMES = st.sampled_from(["a", "b", "https://example.com/c", *sorted(CLAIMS)[:3]])
_KEYS = st.sampled_from(["a", "b", *sorted(APP_METADATA)[:2]])
_VALUES = SCALARS | st.dictionaries(st.sampled_from("bc"), st.integers(0, 3), max_size=2)
CLAIM = "idToken.setCustomClaim"
APP, USER = "user.setAppMetadata", "user.setUserMetadata"


def calls(name: str, keys: st.SearchStrategy[str]) -> st.SearchStrategy[Command]:
    """Any call of one method."""
    return st.builds(command, st.just(name), keys, _VALUES)


SETS = st.lists(calls(CLAIM, _CLAIM_NAMES) | calls(APP, _KEYS) | calls(USER, _KEYS), max_size=12)
ANY = st.lists(
    calls(CLAIM, _CLAIM_NAMES)
    | calls(APP, _KEYS)
    | st.just(command("access.deny", "no"))
    | st.just(command("effects.send", "log", {"message": "x"})),
    max_size=8,
)


def said(commands: list[Command], name: str) -> list[tuple[str, Any]]:
    """Arguments of one method, in order, read as the fold reads them."""
    return [tuple(orjson.loads(one.arguments)) for one in commands if one.name == name]


@given(commands=SETS)
def test_claims_are_the_last_of_each_name_that_may_be_set(commands: list[Command]) -> None:
    """As a dictionary would hold them, less the restricted names."""
    verdict = fold(envelope(*commands), now=NOW)
    allowed = {name: value for name, value in said(commands, CLAIM) if name not in CLAIMS}
    assert verdict.claims.id_token == allowed


@given(commands=SETS)
def test_metadata_is_the_last_of_each_key_that_may_be_set(commands: list[Command]) -> None:
    """Whole values by top-level key; null stays null, which removes."""
    patch = fold(envelope(*commands), now=NOW).metadata
    app = {key: value for key, value in said(commands, APP) if key not in APP_METADATA}
    assert (patch.app_metadata, patch.user_metadata) == (app, dict(said(commands, USER)))


@given(commands=SETS)
def test_whatever_is_dropped_is_said(commands: list[Command]) -> None:
    """Each call under a restricted name is listed, in order, and no other."""
    verdict = fold(envelope(*commands), now=NOW)
    claims = [name for name, _ in said(commands, CLAIM) if name in CLAIMS]
    keys = [key for key, _ in said(commands, APP) if key in APP_METADATA]
    listed = [(one.command, one.target) for one in verdict.dropped]
    assert [target for name, target in listed if name == CLAIM] == claims
    assert [target for name, target in listed if name == APP] == keys
    assert len(listed) == len(claims) + len(keys)


@given(commands=ANY)
def test_a_denied_flow_has_no_claims_and_all_its_metadata(commands: list[Command]) -> None:
    """A denial anywhere decides the outcome, and what was queued is kept."""
    verdict = fold(envelope(*commands), now=NOW)
    denied = any(one.name == "access.deny" for one in commands)
    assert verdict.outcome == ("denied" if denied else "allowed")
    if denied:
        assert (verdict.claims.id_token, verdict.claims.access_token) == ({}, {})
    app = {key: value for key, value in said(commands, APP) if key not in APP_METADATA}
    assert verdict.metadata.app_metadata == app


@given(commands=ANY)
def test_a_failed_flow_has_nothing(commands: list[Command]) -> None:
    """No claim, no metadata, no effect, whatever the actions asked for."""
    failure = Failure(code="action_error", reason="broke")
    verdict = fold(envelope(*commands, failure=failure), now=NOW)
    nothing = verdict.model_copy(
        update={"claims": type(verdict.claims)(), "metadata": type(verdict.metadata)()}
    )
    assert verdict == nothing
    assert (verdict.outcome, verdict.effects, verdict.dropped) == ("failed", (), ())


@given(
    planned=st.lists(st.tuples(st.sampled_from("xyz"), st.booleans()), max_size=5),
    ran=st.lists(st.sampled_from("xyz"), max_size=5),
)
def test_a_flow_is_allowed_only_if_every_planned_action_ran(
    planned: list[tuple[str, bool]], ran: list[str]
) -> None:
    """As often as it was planned, skipped steps apart, in whatever order."""
    steps = tuple(step(name, skipped=skipped) for name, skipped in planned)
    verdict = fold(envelope(steps=steps, runs=tuple(run(name) for name in ran)), now=NOW)
    needed = [name for name, skipped in planned if not skipped]
    complete = all(ran.count(name) >= needed.count(name) for name in needed)
    assert verdict.outcome == ("allowed" if complete else "failed")


@given(commands=ANY)
def test_a_fold_gives_the_same_verdict_again(commands: list[Command]) -> None:
    """A leg read again after a crash is decided as the first time, effect ids included."""
    assert fold(envelope(*commands), now=NOW) == fold(envelope(*commands), now=NOW)


SCOPES = st.lists(
    st.builds(
        command,
        st.sampled_from(["accessToken.addScope", "accessToken.removeScope"]),
        st.sampled_from(["a", "b", "c"]),
    ),
    max_size=8,
)


@given(commands=SCOPES)
def test_the_last_word_on_a_scope_counts(commands: list[Command]) -> None:
    """No scope is both added and removed, and none is forgotten."""
    verdict = fold(envelope(*commands), now=NOW)
    last = {orjson.loads(one.arguments)[0]: one.name for one in commands}
    added = {scope for scope, name in last.items() if name == "accessToken.addScope"}
    assert set(verdict.scopes_added) == added
    assert set(verdict.scopes_removed) == last.keys() - added


@given(moments=st.lists(st.integers(1, 2**50), min_size=1, max_size=6))
def test_the_earliest_end_of_a_session_counts(moments: list[int]) -> None:
    """Whatever the order of the calls."""
    calls = [command("session.setExpiresAt", moment) for moment in moments]
    assert fold(envelope(*calls), now=NOW).session == {"expires_at": min(moments)}


@given(commands=ANY)
def test_a_denied_flow_lists_every_claim_it_does_not_give(commands: list[Command]) -> None:
    """Each call once, under its own reason or that of the denial."""
    verdict = fold(envelope(*commands, command("access.deny", "no")), now=NOW)
    listed = [one.target for one in verdict.dropped if one.command == CLAIM]
    assert sorted(listed) == sorted(name for name, _ in said(commands, CLAIM))


@pytest.mark.parametrize("trigger", sorted(triggers()))
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_no_command_breaks_a_worker(trigger: str, data: st.DataObject) -> None:
    """Whatever a forger records: a verdict that can be written, or a refusal."""
    names = sorted(name for part in triggers()[trigger].parts for name in part.rules)
    calls = data.draw(
        st.lists(
            st.builds(command, st.sampled_from(names), JSON)
            | st.builds(command, st.sampled_from(names), JSON, JSON)
            | st.builds(command, st.sampled_from(names)),
            max_size=6,
        )
    )
    flow = envelope(*calls, trigger=trigger)
    try:
        verdict = fold(flow, now=NOW)
    except CommandRefusedError:
        return
    assert decode(Verdict, encode(verdict)) == verdict
