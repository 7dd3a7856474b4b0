"""What charts show: counted and timed minute by minute, as records come in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from authstream.contracts.answer import Answered, Told
from authstream.engine.ports import ManualClock
from authstream.executions.trend import Slice, Span, Trend
from tests.samples import NOW, TOPICS
from tests.unit.test_execution_index import Filled, execution, opened, ran

MINUTE = 60_000
HOUR = 60 * MINUTE


@pytest.fixture
def filled(tmp_path: Path) -> Iterator[Filled]:
    """An empty index."""
    clock = ManualClock(NOW)
    with opened(tmp_path / "index.sqlite", clock) as index:
        yield Filled(index, clock)


def trend(filled: Filled, **span: Any) -> Trend:
    """What there is until now."""
    return filled.index.search.trend(Span(**span), now=filled.clock.now())


def there(found: Trend) -> list[Slice]:
    """The slices in which something ended."""
    return [one for one in found.slices if one.counts]


def test_executions_are_counted_by_outcome_and_minute(filled: Filled) -> None:
    """Slices have no gaps, and each begins at a whole minute."""
    filled.add(execution("a"), execution("b"), execution("c", outcome="denied"), at=NOW)
    filled.clock.advance(timedelta(minutes=20))
    filled.add(execution("d", outcome="failed"), at=NOW + 20 * MINUTE)
    found = trend(filled)
    assert [dict(one.counts) for one in there(found)] == [
        {"allowed": 2, "denied": 1},
        {"failed": 1},
    ]
    assert {b.at - a.at for a, b in zip(found.slices, found.slices[1:], strict=False)} == {MINUTE}
    assert (found.step_ms, len(found.slices)) == (MINUTE, 21)
    assert all(one.at % MINUTE == 0 for one in found.slices)


def test_a_span_ends_now(filled: Filled) -> None:
    """An end in microseconds, an ordinary mistake, is no reason to make slices for 50 000 years."""
    filled.add(execution("a"), at=NOW)
    assert len(trend(filled, until=NOW * 1000).slices) <= 96


def test_a_long_span_has_wide_slices(filled: Filled) -> None:
    """Never more than a screen can show, and nothing is lost at its ends."""
    filled.add(execution("old"), at=NOW)
    filled.clock.advance(timedelta(days=7))
    filled.add(execution("new"), at=filled.clock.now())
    found = trend(filled)
    assert len(found.slices) <= 96
    assert sum(sum(one.counts.values()) for one in found.slices) == 2


def test_durations_are_percentiles(filled: Filled) -> None:
    """Within 9 % of what was measured."""
    filled.add(*(execution(f"f{n}", decided_at=NOW + n * 10) for n in range(1, 101)))
    (one,) = there(trend(filled))
    assert one.p50_ms == pytest.approx(500, rel=0.1)
    assert one.p95_ms == pytest.approx(950, rel=0.1)
    assert one.p99_ms == pytest.approx(990, rel=0.1)


def test_a_span_is_of_one_flow_one_tenant_one_time(filled: Filled) -> None:
    """And of one action's runs, by their status."""
    filled.add(execution("a", ran("crm"), ran("claims")))
    filled.add(execution("b", ran("crm", error="no"), tenant="acme", trigger="other"))
    assert len(there(trend(filled, tenant="acme"))) == 1
    assert there(trend(filled, trigger="other", tenant="default")) == []
    assert there(trend(filled, since=NOW + HOUR, until=NOW + 2 * HOUR)) == []
    (runs,) = there(trend(filled, action="crm"))
    assert dict(runs.counts) == {"ok": 1, "error": 1}


def test_actions_and_connections_are_listed(filled: Filled) -> None:
    """Over the whole span; those with most first."""
    filled.add(execution("a", ran("claims"), ran("crm", ms=900.0)), execution("b", ran("crm")))
    filled.note((TOPICS.answers, answered("allowed")), (TOPICS.answers, answered("failed_open")))
    found = trend(filled)
    assert [(one.name, one.count) for one in found.actions] == [("crm", 2), ("claims", 1)]
    assert found.actions[0].p99_ms == pytest.approx(900, rel=0.1)
    (shop,) = found.connections
    assert (shop.name, dict(shop.counts)) == ("shop", {"allowed": 1, "failed_open": 1})


def answered(told: Told, **members: Any) -> Answered:
    """A call of a provider."""
    said: dict[str, Any] = {
        "flow_id": "a",
        "leg": 0,
        "tenant": "default",
        "trigger": "post-login",
        "connection": "shop",
        "provider": "generic",
        "status": 200,
        "ms": 20.0,
        "answered_at": NOW,
        **members,
    }
    return Answered(**said, told=told)


def test_the_last_call_of_a_connection_is_known(filled: Filled) -> None:
    """By the time of the answer, in whichever order records come."""
    filled.note(
        (TOPICS.answers, answered("denied", answered_at=NOW + 9)),
        (TOPICS.answers, answered("allowed")),
        (TOPICS.answers, answered("allowed", connection="app")),
    )
    calls = filled.index.search.calls()
    assert [(one.connection, one.told) for one in calls] == [("app", "allowed"), ("shop", "denied")]


def test_a_record_read_again_is_counted_once(filled: Filled) -> None:
    """A leg's second record has no part in it; what ran too late has its runs only."""
    filled.add(execution("a"))
    filled.add(execution("a", outcome="failed"))
    filled.add(execution("a", ran("crm"), late=True, outcome="failed"))
    found = trend(filled)
    assert [dict(one.counts) for one in there(found)] == [{"allowed": 1}]
    assert [one.name for one in found.actions] == ["crm"]


def test_what_is_forgotten_is_not_counted(filled: Filled) -> None:
    """Tallies go with the executions that they are of."""
    filled.add(execution("old"))
    filled.clock.advance(timedelta(days=11))
    filled.index.prune()
    assert there(trend(filled, since=NOW - HOUR, until=NOW + HOUR)) == []
