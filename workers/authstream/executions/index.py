"""The index: an SQLite file that topics fill, bounded by age and size, and made anew at will."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Self

from authstream.contracts.execution import Execution
from authstream.engine.ports import Clock, Message, SystemClock
from authstream.errors import ConfigurationError
from authstream.executions import schema, tallies
from authstream.executions.rows import LegRow, Reader, Row, row
from authstream.executions.search import Search

_BUSY_SECONDS = 30
#: Pages that a connection keeps, in KiB, negative as SQLite wants it.
_CACHE = "PRAGMA cache_size=-16384"
_SETUP = (
    "PRAGMA auto_vacuum=INCREMENTAL",
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=OFF",  # a torn file is made anew
    f"PRAGMA journal_size_limit={64 * 2**20}",
)
_GIVE_BACK = "PRAGMA incremental_vacuum; PRAGMA wal_checkpoint(TRUNCATE);"
#: When the file is too large, so much of what is in it goes at a time.
_SHARE = 20
#: Between two looks at the bounds, executions.
_LOOK_EVERY = 1000
_OWN = 0o600
#: Topic and partition.
Place = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much is kept."""

    age: timedelta
    #: Bytes.
    size: int


class Index:
    """Filled by one, asked by many; several processes may share the file.

    `origin` says where the topics are: a file that comes from elsewhere is emptied. `hashed` is
    what stands for a user or client where records have a hash.
    Raises ConfigurationError where no file can be.
    """

    def __init__(
        self,
        file: Path,
        readers: Mapping[str, Reader],
        *,
        origin: str,
        bounds: Bounds,
        hashed: Callable[[str], str] | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.topics = tuple(readers)
        self._readers = readers
        self._origin = origin
        self._bounds = bounds
        self._clock = clock or SystemClock()
        self._lock = threading.Lock()
        self._since_look = 0
        self._writing = _opened(file)
        self._prepare()
        self.search = Search(_connection(file), hashed)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Release the file."""
        self.search.close()
        with self._lock:
            self._writing.close()

    def add(self, messages: Iterable[Message]) -> int:
        """Take in records in the order of their partitions; how many were new.

        What was taken in before, by whichever process, is left out.
        """
        with self._transaction() as database:
            known = _positions(database)
            new = [
                one for one in messages if one.offset >= known.get((one.topic, one.partition), 0)
            ]
            for message in new:
                found = row(self._readers[message.topic], message)
                if found is not None:
                    _insert(database, found)
            moved = {(one.topic, one.partition): one.offset + 1 for one in new}
            database.executemany(
                "INSERT OR REPLACE INTO positions VALUES (?, ?, ?)",
                [(*place, offset) for place, offset in moved.items()],
            )
        self._since_look += len(new)
        if self._since_look >= _LOOK_EVERY:
            self.prune()
        return len(new)

    def positions(self) -> dict[Place, int]:
        """Where each partition goes on, of those that have begun."""
        with self._lock:
            return _positions(self._writing)

    def prune(self) -> None:
        """Forget what is too old, and the oldest of what is too much."""
        self._since_look = 0
        with self._transaction() as database:
            oldest = self._clock.now() - self._bounds.age // timedelta(milliseconds=1)
            _forget(database, oldest)
            while _size(database) > self._bounds.size and (cut := _cut(database)) is not None:
                _forget(database, cut)
        with self._lock:
            # As a script: a statement alone would free one page.
            self._writing.executescript(_GIVE_BACK)

    def empty(self) -> None:
        """Forget everything: what topics still hold comes in again."""
        with self._transaction() as database:
            _make(database, self._origin)

    def _prepare(self) -> None:
        with self._transaction() as database:
            if _origin(database) != self._origin:
                _make(database, self._origin)

    @contextmanager
    def _transaction(self) -> Generator[sqlite3.Connection]:
        with self._lock:
            self._writing.execute("BEGIN IMMEDIATE")
            try:
                yield self._writing
            except BaseException:
                self._writing.execute("ROLLBACK")
                raise
            self._writing.execute("COMMIT")


def _opened(file: Path) -> sqlite3.Connection:
    """For writing. A file that is none of ours, or torn, is made anew."""
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.touch(_OWN)
    except OSError as error:
        raise ConfigurationError(
            f"the index of executions cannot be at {file} ({error.strerror}): set "
            "AUTHSTREAM_EXECUTIONS__INDEX to a file that can be written"
        ) from error
    try:
        return _set_up(file)
    except sqlite3.DatabaseError:
        for path in (file, *(file.with_name(file.name + end) for end in ("-wal", "-shm"))):
            path.unlink(missing_ok=True)
        file.touch(_OWN)
        return _set_up(file)


def _set_up(file: Path) -> sqlite3.Connection:
    database = _connection(file)
    for statement in _SETUP:
        database.execute(statement).fetchall()
    return database


def _connection(file: Path) -> sqlite3.Connection:
    database = sqlite3.connect(
        file, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    database.execute(_CACHE)
    return database


def _origin(database: sqlite3.Connection) -> str | None:
    if database.execute("PRAGMA user_version").fetchone()[0] != schema.VERSION:
        return None
    found = database.execute("SELECT value FROM origin WHERE name = 'topics'").fetchone()
    return None if found is None else str(found[0])


def _make(database: sqlite3.Connection, origin: str) -> None:
    """Raises ConfigurationError where SQLite has no full-text search."""
    for name in schema.NAMES:
        database.execute(f"DROP TABLE IF EXISTS {name}")
    for statement in filter(None, map(str.strip, schema.TABLES.split(";"))):
        try:
            database.execute(statement)
        except sqlite3.OperationalError as error:
            raise ConfigurationError(
                f"this Python's SQLite cannot hold the index of executions ({error}): use a Python "
                "whose SQLite has FTS5"
            ) from error
    database.execute("INSERT INTO origin VALUES ('topics', ?)", (origin,))
    database.execute(f"PRAGMA user_version={schema.VERSION}")


def _positions(database: sqlite3.Connection) -> dict[Place, int]:
    rows = database.execute("SELECT topic, partition, offset FROM positions")
    return {(topic, partition): offset for topic, partition, offset in rows}


def _insert(database: sqlite3.Connection, found: Row) -> None:
    if isinstance(found, LegRow):
        _insert_leg(database, found)
        return
    *columns, answer = found
    database.execute("INSERT OR REPLACE INTO notes VALUES (?, ?, ?, ?, ?)", columns)
    if answer is not None:
        tallies.count(database, [tallies.of_answer(answer)])
        database.execute(
            "INSERT INTO calls VALUES (?, ?, ?) ON CONFLICT DO UPDATE"
            " SET at = excluded.at, body = excluded.body WHERE excluded.at >= at",
            (answer.connection, found.at, found.body),
        )


def _insert_leg(database: sqlite3.Connection, found: LegRow) -> None:
    said = found.execution
    new = database.execute(
        # The first record of a leg counts, as its first verdict does.
        "INSERT OR IGNORE INTO legs (flow_id, leg, late, tenant, trigger, subject, client, outcome,"
        " code, reason, requested_at, decided_at, written_at, trace_id)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(said.flow_id, said.leg, said.late, said.tenant, said.trigger, said.subject),
            *(said.client, said.outcome, said.code, said.reason, said.requested_at),
            *(said.decided_at, found.written_at, found.trace_id),
        ),
    )
    if not new.rowcount:
        return
    tallies.count(database, tallies.of_leg(said, found.written_at))
    database.execute("INSERT INTO bodies VALUES (?, ?)", (new.lastrowid, found.body))
    number = _listed(database, said) if said.late else new.lastrowid
    if number is None:
        return
    database.executemany(
        "INSERT OR IGNORE INTO runs VALUES (?, ?, ?, ?, ?)",
        [
            (number, place, run.action, run.duration_ms, run.status)
            for place, run in enumerate(said.runs)
        ],
    )
    if words := found.words:
        _add_words(database, number, words)


def _listed(database: sqlite3.Connection, said: Execution) -> int | None:
    """The execution that is in lists: what ran too late is found under it."""
    found = database.execute(
        "SELECT number FROM legs WHERE flow_id = ? AND leg = ? AND late = 0",
        (said.flow_id, said.leg),
    ).fetchone()
    return None if found is None else int(found[0])


def _add_words(database: sqlite3.Connection, number: int, words: str) -> None:
    more = "UPDATE words SET said = said || char(10) || ? WHERE rowid = ?"
    if not database.execute(more, (words, number)).rowcount:
        database.execute("INSERT INTO words (rowid, said) VALUES (?, ?)", (number, words))


def _forget(database: sqlite3.Connection, before: int) -> None:
    """What was written before a time."""
    old = "(SELECT number FROM legs WHERE written_at < ?)"
    for table, column in (("words", "rowid"), ("runs", "number"), ("bodies", "number")):
        database.execute(f"DELETE FROM {table} WHERE {column} IN {old}", (before,))  # noqa: S608 - our own words
    database.execute("DELETE FROM legs WHERE written_at < ?", (before,))
    database.execute("DELETE FROM notes WHERE at < ?", (before,))
    minute = before // tallies.MINUTE_MS
    for kind in ("flow", "action", "connection"):
        database.execute("DELETE FROM tallies WHERE kind = ? AND minute < ?", (kind, minute))


def _cut(database: sqlite3.Connection) -> int | None:
    """The time before which a share of all is; None when there is nothing."""
    (count,) = database.execute("SELECT count(*) FROM legs").fetchone()
    found: Sequence[int] | None = database.execute(
        "SELECT written_at FROM legs ORDER BY written_at LIMIT 1 OFFSET ?",
        (min(count // _SHARE, count - 1),),
    ).fetchone()
    return None if found is None else found[0] + 1


def _size(database: sqlite3.Connection) -> int:
    pages, free, size = (
        database.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("page_count", "freelist_count", "page_size")
    )
    return int((pages - free) * size)
