"""Figures of a flow: counts, shares and percentiles of the last hour, at a bounded cost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from authstream.executions import figures
from authstream.executions.figures import FlowAsked
from authstream.gateway.admin.app import admin_app
from authstream.gateway.admin.callers import Entrance
from tests.control_plane import PL, door, memory_store
from tests.samples import NOW
from tests.unit.test_admin_api import Client, as_
from tests.unit.test_execution_index import Filled, execution, opened, ran

ASKED = FlowAsked("default", PL, NOW)


@pytest.fixture
def filled(tmp_path: Path) -> Iterator[Filled]:
    """An empty index."""
    with opened(tmp_path / "index.sqlite") as index:
        yield Filled(index)


def test_actions_have_percentiles_and_shares(filled: Filled) -> None:
    """Of a hundred runs the median and the slowest; errors and denials are counted apart."""
    for number in range(100):
        filled.add(
            execution(f"f{number}", ran("crm", ms=float(number)), ran("claims", ms=1.0)),
        )
    denied = ran("crm", ms=0.5).model_copy(update={"status": "denied"})
    filled.add(execution("no", denied, outcome="denied"))
    filled.add(execution("bad", ran("crm", ms=0.5, error="boom"), outcome="failed"))
    found = filled.index.search.figures(ASKED)
    crm = found.actions["crm"]
    assert (crm.count, crm.errors, crm.denials) == (102, 1, 1)
    assert (crm.p50_ms, crm.p99_ms) == (49.0, 98.0)
    assert (found.flow.count, found.flow.errors, found.flow.denials) == (102, 1, 1)
    assert (found.actions["claims"].p50_ms, found.flow.p50_ms) == (1.0, 12.0)
    assert not found.newest_only


def test_only_this_flow_counts(filled: Filled) -> None:
    """Its trigger, its tenants, its time; what ran too late for its caller is left out."""
    filled.add(execution("old"), at=NOW - 1)
    filled.add(execution("mine"))
    filled.add(execution("late", late=True))
    filled.add(execution("other", trigger="credentials-exchange"))
    filled.add(execution("acme", tenant="acme"))
    filled.add(execution("own", tenant="own"))
    count = filled.index.search.figures
    assert count(ASKED).flow.count == 3
    assert count(replace(ASKED, others=("own",))).flow.count == 2
    assert count(replace(ASKED, tenant="acme")).flow.count == 1
    nothing = count(replace(ASKED, tenant="nobody"))
    assert (nothing.flow.count, nothing.flow.p50_ms, nothing.actions) == (0, None, {})


def test_a_busy_hour_costs_no_more(filled: Filled, monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest logins are looked at, whatever there is before; the answer says so."""
    monkeypatch.setattr(figures, "LOOKED_AT", 5)
    for number in range(9):
        filled.add(execution(f"f{number}", ran("crm", ms=float(number))), at=NOW + number)
    found = filled.index.search.figures(ASKED)
    assert (found.newest_only, found.flow.count) == (True, 5)
    assert found.actions["crm"].p50_ms == 6.0


def test_a_viewer_asks_over_http(filled: Filled) -> None:
    """For the last hour unless told; without an index the answer says so."""
    with memory_store() as store:
        ada = door(store)
        now = store.now()
        filled.add(execution("a", ran("crm", ms=7.0)), at=now)
        filled.add(execution("b", ran("crm", ms=9.0)), at=now - 2 * 3_600_000)
        client = Client(admin_app(Entrance(ada, executions=filled.index.search)))
        client.headers.update(as_(ada, "viewer"))
        url = f"/v1/admin/tenants/default/flows/{PL}/figures"
        hour, day = (client.get(url, params=said).json() for said in ({}, {"minutes": 180}))
        assert (hour["actions"]["crm"]["count"], day["actions"]["crm"]["count"]) == (1, 2)
        assert hour["actions"]["crm"]["p99_ms"] == pytest.approx(7.0)
        bare = Client(admin_app(Entrance(ada)))
        bare.headers.update(as_(ada, "viewer"))
        assert bare.get(url).status_code == 503
