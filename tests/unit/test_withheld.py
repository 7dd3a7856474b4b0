"""What records withhold: by path, and then wherever the same value stands."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authstream.engine.withheld import DROPPED, HASHED, Withheld
from authstream.errors import ConfigurationError

KEY = "a key of at least thirty-two characters"
EMAIL = "ada@example.com"


def record(**members: Any) -> dict[str, Any]:
    """A record that says a user's address in each of its free parts."""
    return {
        "event": {"user": {"email": EMAIL, "name": "Ada"}, "client": {"name": "Shop"}},
        "subject": f"auth0|{EMAIL}",
        "client": "shop",
        "reason": f"no account of {EMAIL}",
        "tenant": "default",
        "commands": [{"action": "claims", "arguments": ["email", EMAIL]}],
        "runs": [
            {
                "action": "claims",
                "error": f"KeyError: {EMAIL}",
                "console": [{"level": "log", "text": f"hello {EMAIL}"}],
            }
        ],
        "verdict": {
            "claims": {"id_token": {"email": EMAIL, EMAIL: True}},
            "steps": [{"action": "claims", "status": "ok"}],
        },
        **members,
    }


def test_a_value_of_the_event_is_taken_wherever_it_stands() -> None:
    """In ids, reasons, errors, logs, arguments, claims and their names; names of actions stay."""
    found = Withheld({"event.user.email": "drop"}).apply(record())
    assert EMAIL not in str({**found, "event": None})
    assert found["runs"][0]["console"][0]["text"] == f"hello {DROPPED}"
    assert found["verdict"]["steps"] == [{"action": "claims", "status": "ok"}]


def test_a_hash_is_the_same_for_the_same_value() -> None:
    """So records of one user are found together, by whoever has the key."""
    rules = Withheld({"event.user.email": "hash"}, KEY)
    found = rules.apply(record())
    stand_in = rules.pseudonym(EMAIL)
    assert stand_in.startswith(HASHED)
    assert found["verdict"]["claims"]["id_token"]["email"] == stand_in
    assert found["reason"] == f"no account of {stand_in}"
    assert Withheld({"subject": "hash"}, KEY[::-1]).pseudonym(EMAIL) != stand_in


def test_a_whole_member_can_be_dropped() -> None:
    """Objects and lists are empty then, and what was in them is nowhere else."""
    found = Withheld({"verdict.claims": "drop", "runs.console": "drop"}).apply(record())
    assert (found["verdict"]["claims"], found["runs"][0]["console"]) == ({}, [])
    assert found["commands"][0]["arguments"] == ["email", DROPPED]


def test_any_member_is_a_star() -> None:
    """Lists are looked through without one."""
    found = Withheld({"verdict.claims.*.email": "drop"}).apply(record())
    assert found["verdict"]["claims"]["id_token"]["email"] == DROPPED


def test_short_values_go_from_their_own_place_only() -> None:
    """A name of three letters is part of too many words."""
    found = Withheld({"event.user.name": "drop"}).apply(record(reason="Adam was here"))
    assert found["event"]["user"]["name"] == DROPPED
    assert found["reason"] == "Adam was here"


def test_what_is_no_text_goes_too() -> None:
    """Numbers become nothing, or a hash."""
    said = record(verdict={"claims": {"age": 36}})
    assert Withheld({"verdict.claims.age": "drop"}).apply(said)["verdict"]["claims"] == {
        "age": None
    }
    said = record(verdict={"claims": {"age": 36}})
    hashed = Withheld({"verdict.claims.age": "hash"}, KEY).apply(said)["verdict"]["claims"]["age"]
    assert hashed.startswith(HASHED)


@pytest.mark.parametrize("path", ["user.email", "runs.status", "flow_id", "verdict.", "", "tenant"])
def test_a_path_that_leads_nowhere_is_an_error(path: str) -> None:
    """A rule with a slip of the pen would withhold nothing."""
    with pytest.raises(ConfigurationError, match="AUTHSTREAM_EXECUTIONS__REDACT"):
        Withheld({path: "drop"})


def test_a_hash_needs_a_key() -> None:
    """Hashes of addresses without one are guessed in minutes."""
    with pytest.raises(ConfigurationError, match="AUTHSTREAM_EXECUTIONS__HASH_KEY"):
        Withheld({"subject": "hash"}, "short")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=8,
)


@given(event=st.dictionaries(st.text(max_size=4), JSON), secret=st.text(min_size=4, max_size=20))
def test_no_text_of_the_event_is_left(event: dict[str, Any], secret: str) -> None:
    """Whatever shape the event has."""
    said = record(event={**event, "secret": secret}, reason=f"it is {secret}")
    found = Withheld({"event.secret": "drop"}).apply(said)
    assert secret in DROPPED or secret not in found["reason"]


def test_an_event_by_itself_is_less_what_is_withheld() -> None:
    """At its place, and wherever else in the event it stands; the rest is as it was."""
    event = {"user": {"email": EMAIL, "user_id": f"auth0|{EMAIL}"}, "query": {"hint": EMAIL}}
    kept = {"client": {"name": "Shop"}, "n": 1}
    found = Withheld({"event.user.email": "drop"}).event({**event, **kept})
    assert EMAIL not in str(found)
    assert found == {
        "user": {"email": DROPPED, "user_id": f"auth0|{DROPPED}"},
        "query": {"hint": DROPPED},
        **kept,
    }
    assert Withheld({}).event(dict(kept)) == kept
    assert Withheld({}).event(dict(kept), [("event", "n")]) == {**kept, "n": None}
