"""A hundred thousand executions are searched in a moment, by every filter."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path

import psutil

from authstream.executions.figures import FlowAsked
from authstream.executions.index import Index
from authstream.executions.port import Filter
from authstream.executions.tallies import MINUTE_MS
from authstream.executions.trend import Span
from tests.samples import NOW, TOPICS
from tests.unit.test_execution_index import execution, opened, ran, record

MANY = 100_000
#: Those that a thousand executions take, one a second, rounded up.
MINUTES = 17
ANSWERS_WITHIN = timedelta(milliseconds=300)


def test_a_hundred_thousand_are_searched_at_once(tmp_path: Path) -> None:
    """Each filter, rare and common, in less than 0.3 s; and little is held in memory."""
    with opened(tmp_path / "index.sqlite") as index:
        fill(index)
        before = psutil.Process().memory_info().rss
        slow = timedelta(milliseconds=1_000)
        for wanted in (
            Filter(),
            Filter(user="user-77"),
            Filter(client="client-3", outcome="denied"),
            Filter(outcome="failed", since=NOW + 90_000_000),
            Filter(action="crm"),
            Filter(action="crm", slower_than=slow),
            Filter(slower_than=slow),
            Filter(text="payment failed"),
            Filter(text="looked", user="user-77"),
            Filter(tenant="nobody"),
        ):
            began = time.process_time()
            index.search.find(wanted)
            assert time.process_time() - began < ANSWERS_WITHIN.total_seconds(), wanted
        for span in (Span(), Span(action="crm"), Span(since=NOW + 90_000_000)):
            began = time.process_time()
            index.search.trend(span, now=NOW + MANY * 1000)
            assert time.process_time() - began < ANSWERS_WITHIN.total_seconds(), span
        began = time.process_time()
        figures = index.search.figures(FlowAsked("default", "post-login", NOW))
        assert time.process_time() - began < ANSWERS_WITHIN.total_seconds()
        assert figures.newest_only
        grown = psutil.Process().memory_info().rss - before
    assert grown < 64 * 2**20


def fill(index: Index) -> None:
    """A hundred thousand executions: a thousand read from records, then copied in place."""
    kinds = ("allowed", "allowed", "allowed", "denied", "failed")
    first = 1_000
    index.add(
        record(
            TOPICS.executions,
            execution(
                f"flow-{number}",
                ran("crm", f"looked up {number}", *(["payment failed"] if number == 7 else [])),
                ran("claims", ms=float(number % 1001 + 3)),
                outcome=kinds[number % 5],
                subject=f"user-{number}",
                client=f"client-{number % 20}",
                decided_at=NOW + number * 2,
            ),
            offset=number,
            at=NOW + number * 1000,
        )
        for number in range(first)
    )
    with index._transaction() as database:  # pyright: ignore[reportPrivateUsage] - as many rows by SQL
        for copy in range(1, MANY // first):
            shift = copy * first
            database.execute(
                "INSERT INTO legs SELECT number + ?, flow_id || '-' || ?, leg, late, tenant,"
                " trigger, subject, client, outcome, code, reason, requested_at, decided_at,"
                " written_at + ?, trace_id FROM legs WHERE number <= ?",
                (shift, copy, shift * 1000, first),
            )
            database.execute(
                "INSERT INTO tallies SELECT minute + ?, tenant, trigger, kind, name, ended, band,"
                " count FROM tallies WHERE minute <= ? ON CONFLICT DO UPDATE"
                " SET count = count + excluded.count",
                (copy * MINUTES, NOW // MINUTE_MS + MINUTES),
            )
            database.execute(
                "INSERT INTO words (rowid, said) SELECT rowid + ?, said FROM words"
                " WHERE rowid <= ?",
                (shift, first),
            )
            database.execute(
                "INSERT INTO bodies SELECT number + ?, body FROM bodies WHERE number <= ?",
                (shift, first),
            )
            database.execute(
                "INSERT INTO runs SELECT number + ?, position, action, ms, status FROM runs"
                " WHERE number <= ?",
                (shift, first),
            )
    assert index.search.newest() == MANY
