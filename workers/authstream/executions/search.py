"""Reads the index: one statement for any filter, and all that is known of a flow."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, TypeVar

from authstream.contracts.answer import Answered
from authstream.contracts.avro import decode
from authstream.contracts.effect import EffectDone, PatchDone
from authstream.contracts.execution import Execution
from authstream.contracts.model import Record
from authstream.errors import AuthstreamError
from authstream.executions.figures import FlowAsked, FlowFigures, figures
from authstream.executions.port import (
    LIMIT,
    Executions,
    Filter,
    Flow,
    Letter,
    Page,
    Recorded,
    Retry,
    Summary,
)
from authstream.executions.tallies import trend
from authstream.executions.trend import Span, Trend

_COLUMNS = (
    "legs.number, flow_id, leg, tenant, trigger, subject, client, outcome, code, reason,"
    " requested_at, decided_at, written_at, trace_id"
)
_PARTS_OF_CURSOR = 2
#: Runs from which on an action is one that ran often.
_OFTEN = 2000
#: A part of a WHERE clause, and the values of its parameters.
Condition = tuple[str, tuple[Any, ...]]
R = TypeVar("R", bound=Record)


class BadCursorError(AuthstreamError):
    """What was given is no cursor of a page before."""

    code = "bad_cursor"
    exit_status = 65


class Search(Executions):
    """On a connection of its own; one question at a time."""

    def __init__(
        self, database: sqlite3.Connection, hashed: Callable[[str], str] | None = None
    ) -> None:
        """`hashed`: what stands for a user or client where records have a hash."""
        self._database = database
        self._hashed = hashed
        self._lock = threading.Lock()

    def close(self) -> None:
        """Release the connection."""
        with self._lock:
            self._database.close()

    def find(self, wanted: Filter, *, limit: int = LIMIT, cursor: str | None = None) -> Page:
        """Those that a filter takes, newest first. Raises BadCursorError."""
        conditions = list(self._conditions(wanted))
        if cursor:
            conditions.append(("(written_at, legs.number) < (?, ?)", _place(cursor)))
        found = self._summaries(conditions, "written_at DESC, legs.number DESC", limit + 1)
        part = found[:limit]
        more = len(found) > limit
        return Page(part, f"{part[-1].written_at}.{part[-1].number}" if more else None)

    def after(self, number: int, wanted: Filter, *, limit: int = LIMIT) -> tuple[Summary, ...]:
        """Those that a filter takes and that came after one of this number, in order."""
        conditions = [*self._conditions(wanted), ("legs.number > ?", (number,))]
        return self._summaries(conditions, "legs.number", limit)

    def newest(self) -> int:
        """The number of the one that came last; 0 without any."""
        return int(self._rows("SELECT coalesce(max(number), 0) FROM legs")[0][0])

    def trend(self, span: Span, *, now: int) -> Trend:
        """Counts and durations over a span of time."""
        return trend(self._rows, span, now=now)

    def calls(self) -> tuple[Answered, ...]:
        """The last call of each connection, by its name."""
        rows = self._rows("SELECT body FROM calls ORDER BY connection")
        return tuple(Answered.model_validate_json(body) for (body,) in rows)

    def flow(self, flow_id: str) -> Flow | None:
        """All that is known of a flow; None when nothing is."""
        legs = self._rows(
            "SELECT body, written_at, trace_id FROM legs JOIN bodies USING (number)"
            " WHERE flow_id = ? ORDER BY leg, late, number",
            flow_id,
        )
        notes = self._rows(
            "SELECT kind, body FROM notes WHERE flow_id = ? ORDER BY at, id", flow_id
        )
        if not legs and not notes:
            return None
        done = _read(notes, "effect", EffectDone)
        over = {one.id for one in done}
        return Flow(
            flow_id,
            tuple(Recorded(decode(Execution, body), *rest) for body, *rest in legs),
            answers=_read(notes, "answer", Answered),
            effects=done,
            retries=tuple(one for one in _read(notes, "retry", Retry) if one.id not in over),
            patches=_read(notes, "patch", PatchDone),
            letters=_read(notes, "letter", Letter),
        )

    def figures(self, asked: FlowAsked) -> FlowFigures:
        """How often and how fast a flow and its actions ran of late."""
        return figures(self._rows, asked)

    def _conditions(self, wanted: Filter) -> Iterator[Condition]:
        yield from _matching(wanted)
        yield from self._ran(wanted)
        for column, value in (("subject", wanted.user), ("client", wanted.client)):
            if value is not None:
                same = (value, self._hashed(value) if self._hashed else value)
                yield f"{column} IN (?, ?)", same

    def _ran(self, wanted: Filter) -> Iterator[Condition]:
        """By an action and its time, or by the flow's.

        Of an action that ran rarely its runs are looked up; of another one executions are gone
        through from the newest on, as there are enough soon.
        """
        slower = (wanted.slower_than or timedelta(0)) / timedelta(milliseconds=1)
        if wanted.action is None:
            if slower:
                yield "decided_at - requested_at >= ?", (slower,)
            return
        runs, values = "FROM runs WHERE action = ? AND ms >= ?", (wanted.action, slower)
        rarely = f"SELECT count(*) FROM (SELECT 1 {runs} LIMIT {_OFTEN})"  # noqa: S608 - our own words
        if self._rows(rarely, *values)[0][0] < _OFTEN:
            yield f"legs.number IN (SELECT number {runs})", values
        else:
            # The plus keeps SQLite from going through all runs of the action for each execution.
            its = "SELECT 1 FROM runs WHERE number = legs.number AND +action = ? AND +ms >= ?"
            yield f"EXISTS ({its})", values

    def _summaries(
        self, conditions: list[Condition], order: str, limit: int
    ) -> tuple[Summary, ...]:
        where = " AND ".join(condition for condition, _ in conditions)
        values = [value for _, values in conditions for value in values]
        rows = self._rows(
            f"SELECT {_COLUMNS} FROM legs WHERE {where} ORDER BY {order} LIMIT ?",  # noqa: S608 - our own words
            *values,
            limit,
        )
        return tuple(Summary(*row) for row in rows)

    def _rows(self, statement: str, *values: object) -> list[Any]:
        with self._lock:
            return self._database.execute(statement, values).fetchall()


def _matching(wanted: Filter) -> Iterator[Condition]:
    yield "late = 0", ()
    equal = {
        "tenant": wanted.tenant,
        "trigger": wanted.trigger,
        "outcome": wanted.outcome,
        "code": wanted.code,
    }
    for column, value in equal.items():
        if value is not None:
            yield f"{column} = ?", (value,)
    if wanted.since is not None:
        yield "written_at >= ?", (wanted.since,)
    if wanted.text:
        phrase = '"{}"'.format(wanted.text.replace('"', '""'))
        yield "legs.number IN (SELECT rowid FROM words WHERE words MATCH ?)", (phrase,)


def _place(cursor: str) -> tuple[int, ...]:
    parts = cursor.split(".")
    if len(parts) != _PARTS_OF_CURSOR or not all(part.isdigit() for part in parts):
        raise BadCursorError(f"{cursor!r} is no cursor: give the one of the page before")
    return tuple(map(int, parts))


def _read(notes: list[Any], kind: str, model: type[R]) -> tuple[R, ...]:
    return tuple(model.model_validate_json(body) for found, body in notes if found == kind)
