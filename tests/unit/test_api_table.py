"""The table of api methods: what it holds, how it renders, and what the worker's check refuses."""

from __future__ import annotations

from typing import Any, cast

import orjson
import pytest

from authstream.contracts.api import (
    METHODS,
    TRIGGERS,
    CommandRefusedError,
    check_command,
    methods,
    operation,
    python_path,
    to_guest,
)
from authstream.contracts.parameter import JSON_DEPTH, Parameter
from authstream.contracts.parameter import check as check_argument

PL = "post-login"


def _nested(levels: int) -> object:
    value: object = 1
    for _ in range(levels):
        value = [value]
    return value


LEGAL: list[tuple[str, list[Any]]] = [
    ("access.deny", ["no"]),
    ("idToken.setCustomClaim", ["k", {"a": [1, None, True, 1.5, "ü"]}]),
    ("accessToken.setCustomClaim", ["k", None]),
    ("user.setAppMetadata", ["k", [{}]]),
    ("user.setUserMetadata", ["k", _nested(JSON_DEPTH)]),
    ("transaction.setMetadata", ["k" * 64, "v" * 8192]),
    ("transaction.setMetadata", ["k", 2**53 - 1]),
    ("effects.send", ["email", {"to": "a"}]),
    ("effects.send", ["email", {}, {"on": "denied", "key": "once"}]),
]

ILLEGAL: list[tuple[str, list[Any], str]] = [
    ("access.grant", [], "not a command of the trigger"),
    ("cache.set", ["k", "v"], "not a command"),
    ("access.deny", [], "needs the argument reason"),
    ("access.deny", ["a", "b"], "takes at most 1"),
    ("access.deny", [7], "must be of type string, not number"),
    ("idToken.setCustomClaim", ["scope", 1], 'The "scope" claim cannot be set.'),
    ("accessToken.setCustomClaim", ["scope", 1], 'The "scope" claim cannot be set.'),
    ("idToken.setCustomClaim", ["k", float("nan")], "finite"),
    ("idToken.setCustomClaim", ["k", {"a": [float("inf")]}], "finite"),
    ("idToken.setCustomClaim", ["k", 2**63], "64 bits"),
    ("idToken.setCustomClaim", ["k", {1: 2}], "strings as the keys"),
    ("idToken.setCustomClaim", ["k", object()], "JSON value, not object"),
    ("idToken.setCustomClaim", ["k", "\ud800"], "valid Unicode"),
    ("idToken.setCustomClaim", ["k", _nested(JSON_DEPTH + 1)], "nested deeper"),
    ("transaction.setMetadata", ["k" * 65, 1], "must not exceed 64 characters"),
    ("transaction.setMetadata", ["k", "ü" * 4097], "must not exceed 8192 bytes"),
    ("transaction.setMetadata", ["k", 2**53], "safe number"),
    ("transaction.setMetadata", ["k", []], "must be of type string or number"),
    ("effects.send", ["E-mail", {}], "must match"),
    ("effects.send", ["email", []], "must be of type object"),
    ("effects.send", ["email", {}, {"on": "later"}], "must be one of allowed, denied, always"),
    ("effects.send", ["email", {}, {"at": 1}], "has no member at"),
    ("effects.send", ["email", {}, {"key": ""}], "at least 1 characters"),
]


def test_a_path_is_declared_once_per_trigger() -> None:
    """No trigger finds two declarations of one path, so the first match is the only one."""
    for trigger in TRIGGERS:
        paths = [method.path for method in METHODS if trigger in method.triggers]
        assert len(paths) == len(set(paths))


def test_every_trigger_of_the_table_is_a_trigger() -> None:
    """A misspelt trigger in the table would hide a method."""
    assert len(TRIGGERS) == 14
    assert all(method.triggers and method.triggers <= TRIGGERS for method in METHODS)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("idToken.setCustomClaim", "id_token.set_custom_claim"),
        ("access.deny", "access.deny"),
        ("roles.getUserEffectiveRolesByIds", "roles.get_user_effective_roles_by_ids"),
    ],
)
def test_python_spells_the_same_path_in_snake_case(path: str, expected: str) -> None:
    """The Python name is derived, never declared."""
    assert python_path(path) == expected


def test_the_guest_gets_the_rows_of_its_trigger_and_no_others() -> None:
    """`to_guest` renders one trigger's rows, without defaults and without the trigger sets."""
    rows = {row["path"]: row for row in orjson.loads(to_guest(PL))}
    assert rows.keys() == methods(PL).keys()
    assert rows["accessToken.setCustomClaim"]["parameters"][0] == {
        "name": "key",
        "types": ["string"],
        "forbidden": [{"value": "scope", "message": 'The "scope" claim cannot be set.'}],
    }
    assert rows["transaction.setMetadata"]["effect"] == {
        "path": "transaction.metadata",
        "at_once": True,
        "max_total_bytes": 16384,
    }
    assert not any("triggers" in row for row in rows.values())
    other = {row["path"] for row in orjson.loads(to_guest("event-stream"))}
    assert "access.deny" not in other
    assert "effects.send" in other


@pytest.mark.parametrize(("name", "arguments"), LEGAL)
def test_a_legal_command_passes(name: str, arguments: list[object]) -> None:
    """What the documentation allows is accepted, up to each limit."""
    check_command(PL, name, arguments)


@pytest.mark.parametrize(("name", "arguments", "message"), ILLEGAL)
def test_an_illegal_command_is_refused_with_its_reason(
    name: str, arguments: list[object], message: str
) -> None:
    """The worker does not trust a guest: it checks by the same table."""
    with pytest.raises(CommandRefusedError, match=message.replace("(", r"\(")):
        check_command(PL, name, arguments)


@pytest.mark.parametrize(
    ("value", "message"),
    [(True, "number, not boolean"), (0, "at least 1"), (101, "at most 100"), ("9", "not string")],
)
def test_a_number_has_its_type_and_its_bounds(value: object, message: str) -> None:
    """Python's `True` is an int, JSON's is not; bounds belong to the parameter."""
    take = Parameter("take", ("number",), minimum=1, maximum=100)
    check_argument(take, 50, "example.list")
    with pytest.raises(CommandRefusedError, match=message):
        check_argument(take, value, "example.list")


def test_the_scope_claim_is_refused_where_auth0_refuses_it() -> None:
    """`scope` throws on post-login only; credentials-exchange has no such check."""
    check_command("credentials-exchange", "accessToken.setCustomClaim", ["scope", "x"])
    with pytest.raises(CommandRefusedError, match="not a command"):
        check_command("credentials-exchange", "idToken.setCustomClaim", ["k", "x"])


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("user.setAppMetadata", ["k", 1], ("set", "user.app_metadata", "k", 1)),
        ("user.setUserMetadata", ["k", None], ("unset", "user.user_metadata", "k")),
        ("transaction.setMetadata", ["k", "v"], ("set", "transaction.metadata", "k", "v")),
        ("access.deny", ["no"], None),
    ],
)
def test_a_command_shows_in_the_event_as_the_table_says(
    name: str, arguments: list[object], expected: object
) -> None:
    """Null removes the key; a command without an effect changes nothing."""
    assert operation(PL, name, arguments) == expected


def test_no_row_names_an_unknown_local_method() -> None:
    """A `local` row needs an implementation in every guest; these are the ones there are."""
    local = {method.path for method in METHODS if method.kind == "local"}
    assert {path.partition(".")[0] for path in local} == {"cache", "redirect", "rules"}
    rows = cast("list[dict[str, Any]]", orjson.loads(to_guest(PL)))
    assert {row["path"] for row in rows if row.get("kind") == "local"} == local
