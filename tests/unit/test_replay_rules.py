"""When a replay is not passed."""

from __future__ import annotations

import pytest

from authstream.apps.replay_rules import rules
from authstream.apps.replay_tally import Compared, Tally
from authstream.apps.verdict_changes import Change, Kind
from authstream.errors import ConfigurationError


def tally(*kinds: Kind, compared: int = 200, slower: float = 0.0) -> Tally:
    """So many logins that took 10 ms, the first of which has changed in these ways."""
    found = Tally()
    for number in range(compared):
        changes = () if number else tuple((0, Change(kind, "", "")) for kind in kinds)
        found.add(Compared("f", "acme", 1, changes, 10.0, 10.0 + slower))
    return found


@pytest.mark.parametrize(
    ("rule", "broken"),
    [
        ("denied", True),
        ("denied:0", True),
        ("denied:1", False),
        ("denied:0.4%", True),
        ("denied:0.5%", False),
        ("claims-lost", False),
        ("any", True),
        ("latency:19%", True),
        ("latency:20%", False),
        ("latency:1.9ms", True),
        ("latency:2ms", False),
    ],
)
def test_a_rule_is_broken_over_its_limit(rule: str, broken: bool) -> None:  # noqa: FBT001 - a case
    """One of 200 logins is denied, and 10 ms have become 12."""
    (one,) = rules([rule])
    assert (one.broken(tally("denied", "denied", slower=2.0)) is not None) == broken


def test_a_login_counts_once_for_each_kind() -> None:
    """Three lost claims of one login are one login."""
    found = tally("claims-lost", "claims-lost", "denied")
    assert (found.changed, found.counts["claims-lost"], found.counts["denied"]) == (1, 1, 1)


@pytest.mark.parametrize("text", ["tokens", "denied:", "denied:1ms", "latency", "latency:3", ""])
def test_what_is_no_rule_is_refused(text: str) -> None:
    """With the kinds that there are."""
    with pytest.raises(ConfigurationError, match="is no rule"):
        rules([text])


def test_percentiles_are_of_all_logins() -> None:
    """One slow login of a hundred moves neither."""
    found = Tally()
    for number in range(100):
        found.add(Compared("f", "acme", 1, (), 1.0, 500.0 if number == 0 else 1.0))
    assert (found.after.p50, found.after.p95) == (1.0, 1.0)
