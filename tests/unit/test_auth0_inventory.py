"""The table has all that Auth0 documents, and nothing else under Auth0's names."""

from __future__ import annotations

import sys

import pytest

from authstream.contracts.api import TRIGGERS, methods, trigger_id
from tests.auth0 import INVENTORY

#: Authstream's own.
OWN = {"effects.send"}
#: Parameters that Auth0 requires and published actions leave out all the same.
LENIENT = {("pre-user-registration", "access.deny", "userMessage")}
DOCUMENTED = [(trigger, path) for trigger, said in INVENTORY.items() for path in said["methods"]]


def _signature(trigger: str, path: str) -> list[str]:
    """The parameters as the inventory has them: optional ones end in `?`."""
    return [
        f"{parameter.name}?"
        if parameter.optional and (trigger, path, parameter.name) not in LENIENT
        else parameter.name
        for parameter in methods(trigger)[path].parameters
    ]


def test_every_documented_method_is_on_every_documented_trigger() -> None:
    """All 80 methods, all 128 pairs of trigger and method, with their parameters."""
    there = [
        (trigger, path)
        for trigger, path in DOCUMENTED
        if path in methods(trigger)
        and _signature(trigger, path) == INVENTORY[trigger]["methods"][path]
    ]
    found, documented = ({path for _, path in pairs} for pairs in (there, DOCUMENTED))
    sys.stdout.write(
        f"{len(found)}/{len(documented)} methods, {len(there)}/{len(DOCUMENTED)} pairs\n"
    )
    assert there == DOCUMENTED
    assert (len(documented), len(DOCUMENTED)) == (80, 128)


@pytest.mark.parametrize("trigger", sorted(TRIGGERS))
def test_a_trigger_has_no_methods_of_others(trigger: str) -> None:
    """What the documentation gives to other triggers only is not there."""
    documented = set(INVENTORY[trigger]["methods"]) or {"cache.get", "cache.set", "cache.delete"}
    assert set(methods(trigger)) == documented | OWN


def test_the_triggers_are_auth0s() -> None:
    """All 14 names of its Management API."""
    assert set(INVENTORY) == TRIGGERS


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("postLogin", "post-login"),
        ("preUserRegistration", "pre-user-registration"),
        ("credentialsExchange", "credentials-exchange"),
        ("post-login", "post-login"),
        ("postlogin", "postlogin"),
    ],
)
def test_a_trigger_has_two_spellings(name: str, expected: str) -> None:
    """Published texts name triggers in camelCase; what is neither stays as it is, to be refused."""
    assert trigger_id(name) == expected
