"""Names of actions in topic names: reversible, distinct, and legal in Kafka."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authstream.contracts.slug import DEFAULT_TENANT, slug, unslug
from authstream.errors import ConfigurationError

NAMES = st.text(min_size=1, max_size=7)  # three characters for each byte, at most 28 bytes


@pytest.mark.parametrize(
    ("tenant", "action", "expected"),
    [
        (DEFAULT_TENANT, "crm-enrich", "crm-enrich"),
        ("acme", "claims", "claims.at.acme"),
        (DEFAULT_TENANT, "Login-Customizations", ".4cogin-.43ustomizations"),
        (DEFAULT_TENANT, "a b_c", "a.20b.5fc"),
        (DEFAULT_TENANT, "x.at.y", "x.2eat.2ey"),
    ],
)
def test_plain_names_stay_and_others_are_escaped(tenant: str, action: str, expected: str) -> None:
    """Small letters, digits and hyphens stay; a tenant of its own follows after `.at.`."""
    assert slug(tenant, action) == expected


@given(tenant=NAMES, action=NAMES)
def test_a_slug_gives_back_tenant_and_action(tenant: str, action: str) -> None:
    """Any two names survive the way into a topic and back."""
    assert unslug(slug(tenant, action)) == (tenant, action)


@given(tenant=NAMES, action=NAMES)
def test_a_slug_is_legal_in_a_topic(tenant: str, action: str) -> None:
    """No underscore, which collides with a dot in metric names, and nothing Kafka refuses."""
    assert re.fullmatch(r"[a-z0-9.-]{1,190}", slug(tenant, action))


@given(first=st.tuples(NAMES, NAMES), second=st.tuples(NAMES, NAMES))
def test_different_actions_have_different_slugs(
    first: tuple[str, str], second: tuple[str, str]
) -> None:
    """Two actions never share a topic, names that differ only in case included."""
    assert (slug(*first) == slug(*second)) == (first == second)


@pytest.mark.parametrize(("tenant", "action"), [("", "a"), ("t", ""), ("t", "ä" * 64)])
def test_a_name_that_cannot_be_in_a_topic_is_refused(tenant: str, action: str) -> None:
    """Empty, or over Kafka's limit once escaped."""
    with pytest.raises(ConfigurationError, match="cannot be a topic name"):
        slug(tenant, action)
