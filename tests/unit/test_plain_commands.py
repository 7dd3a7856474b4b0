"""The quick look at a command never takes what the table refuses."""

from __future__ import annotations

import json

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from authstream.contracts.api import CommandRefusedError, check_command, methods
from authstream.contracts.parameter import JSON_DEPTH
from authstream.sandbox.plain import is_legal
from tests.guests import PL

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["scope", "roles", "é", "x" * 300])
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner)
)


@given(name=st.sampled_from(sorted(methods(PL))), arguments=st.lists(VALUES, max_size=4))
def test_what_it_takes_is_legal(name: str, arguments: list[object]) -> None:
    """Whatever a guest may send: `check_command` has no objection."""
    said = tuple(orjson.loads(json.dumps(arguments)))
    if is_legal(PL, name, said):
        check_command(PL, name, said)


@pytest.mark.parametrize(
    "arguments", [("roles", ["admin", "user"]), ("name", "Ada"), ("n", 4), ("o", {"a": None})]
)
def test_it_takes_what_most_actions_say(arguments: tuple[object, ...]) -> None:
    """Else it would be of no use."""
    assert is_legal(PL, "idToken.setCustomClaim", arguments)


def _deep(levels: int) -> object:
    value: object = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("idToken.setCustomClaim", ("scope", "x")),
        ("idToken.setCustomClaim", ("deep", _deep(JSON_DEPTH + 1))),
        ("idToken.setCustomClaim", ("long", 2**63)),
        ("idToken.setCustomClaim", ("long", [2**63])),
        ("idToken.setCustomClaim", ("only",)),
        ("idToken.setCustomClaim", (1, 2)),
        ("access.grant", ()),
        ("cache.get", ("k",)),
    ],
)
def test_it_leaves_the_rest_to_the_table(name: str, arguments: tuple[object, ...]) -> None:
    """Which refuses each of these."""
    assert not is_legal(PL, name, arguments)
    with pytest.raises(CommandRefusedError):
        check_command(PL, name, arguments)
