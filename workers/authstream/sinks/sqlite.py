"""sqlite: the built-in profile store in one file, for one machine."""

from __future__ import annotations

import asyncio
import sqlite3
import threading

import orjson

from authstream.contracts.budgets import METADATA_BYTES
from authstream.contracts.effect import MetadataPatch
from authstream.engine.sink import JsonMembers, Profile, ProfileStore, merged
from authstream.errors import ConfigurationError, DeliveryError
from authstream.outbound.api import required
from authstream.settings import Settings

_BUSY_SECONDS = 5.0
_TABLE = """
CREATE TABLE IF NOT EXISTS profiles (
    tenant TEXT NOT NULL,
    user_id TEXT NOT NULL,
    app_metadata TEXT NOT NULL,
    user_metadata TEXT NOT NULL,
    PRIMARY KEY (tenant, user_id)
) WITHOUT ROWID
"""
_READ = "SELECT app_metadata, user_metadata FROM profiles WHERE tenant = ? AND user_id = ?"
_WRITE = "INSERT OR REPLACE INTO profiles VALUES (?, ?, ?, ?)"
_ERASE = "DELETE FROM profiles WHERE tenant = ? AND user_id = ?"


class SqliteStore(ProfileStore):
    """Several processes of one machine may use the file at once (write-ahead log)."""

    name = "sqlite"

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._database: sqlite3.Connection | None = None

    async def start(self) -> None:
        """Open the file of `AUTHSTREAM_METADATA__URL`. Raises ConfigurationError."""
        said = Settings().metadata
        required(said, "url")
        try:
            self._database = await asyncio.to_thread(_open, said.url)
        except sqlite3.Error as error:
            raise ConfigurationError(f"the profile store {said.url}: {error}") from error

    async def stop(self) -> None:
        """Close the file."""
        if self._database is not None:
            self._database.close()
            self._database = None

    async def apply(self, patch: MetadataPatch, *, hops: int) -> None:  # noqa: ARG002 - nobody is told
        """Merge, in one transaction. Raises DeliveryError."""
        await asyncio.to_thread(self._apply, patch)

    async def read(self, tenant: str, subject: str) -> Profile | None:
        """A user's metadata. Raises DeliveryError."""
        return await asyncio.to_thread(self._read, tenant, subject)

    async def erase(self, tenant: str, subject: str) -> bool:
        """Forget a user. Raises DeliveryError."""
        return await asyncio.to_thread(self._erase, tenant, subject)

    def _erase(self, tenant: str, subject: str) -> bool:
        with self._lock:
            try:
                return self._connection.execute(_ERASE, (tenant, subject)).rowcount > 0
            except sqlite3.Error as error:
                raise DeliveryError(f"the profile store: {error}", permanent=False) from error

    def _apply(self, patch: MetadataPatch) -> None:
        tenant, subject = patch.tenant, patch.subject or ""
        with self._lock:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                there = self._selected(tenant, subject) or Profile({}, {})
                app = _text("app_metadata", merged(there.app_metadata, patch.app_metadata))
                user = _text("user_metadata", merged(there.user_metadata, patch.user_metadata))
                self._connection.execute(_WRITE, (tenant, subject, app, user))
                self._connection.execute("COMMIT")
            except sqlite3.Error as error:
                self._connection.rollback()
                raise DeliveryError(f"the profile store: {error}", permanent=False) from error
            except DeliveryError:
                self._connection.rollback()
                raise

    def _read(self, tenant: str, subject: str) -> Profile | None:
        with self._lock:
            try:
                return self._selected(tenant, subject)
            except sqlite3.Error as error:
                raise DeliveryError(f"the profile store: {error}", permanent=False) from error

    def _selected(self, tenant: str, subject: str) -> Profile | None:
        row = self._connection.execute(_READ, (tenant, subject)).fetchone()
        return None if row is None else Profile(orjson.loads(row[0]), orjson.loads(row[1]))

    @property
    def _connection(self) -> sqlite3.Connection:
        if self._database is None:
            raise DeliveryError("the profile store is closed", permanent=False)
        return self._database


def _open(path: str) -> sqlite3.Connection:
    database = sqlite3.connect(
        path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    database.execute("PRAGMA journal_mode = WAL")
    database.execute(_TABLE)
    return database


def _text(name: str, members: JsonMembers) -> str:
    text = orjson.dumps(members)
    if len(text) > METADATA_BYTES:
        raise DeliveryError(
            f"{name} would be {len(text)} bytes, the limit is {METADATA_BYTES}", permanent=True
        )
    return text.decode()


PLUGIN = SqliteStore()
