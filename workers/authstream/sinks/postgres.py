"""postgres: the built-in profile store on PostgreSQL, for production."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from authstream.contracts.budgets import METADATA_BYTES
from authstream.contracts.effect import MetadataPatch
from authstream.engine.sink import JsonMembers, Profile, ProfileStore
from authstream.errors import ConfigurationError, DeliveryError
from authstream.outbound.api import required
from authstream.settings import Settings

if TYPE_CHECKING:
    from psycopg_pool import AsyncConnectionPool

_CONNECTIONS = 8
_WAIT_SECONDS = 5.0
#: Held while the table is made, as several workers may start at once (any fixed number).
_LOCK = 4_171_023
_TABLE = f"""
CREATE TABLE IF NOT EXISTS authstream_profiles (
    tenant text NOT NULL,
    user_id text NOT NULL,
    app_metadata jsonb NOT NULL,
    user_metadata jsonb NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, user_id),
    CONSTRAINT authstream_profiles_size CHECK (
        octet_length(app_metadata::text) <= {2 * METADATA_BYTES}
        AND octet_length(user_metadata::text) <= {2 * METADATA_BYTES}
    )
)
"""
#: `||` merges top-level keys, `-` removes: one statement, so concurrent writers lose nothing.
_WRITE = """
INSERT INTO authstream_profiles AS p (tenant, user_id, app_metadata, user_metadata)
VALUES (%(tenant)s, %(user)s, %(app)s::jsonb, %(usr)s::jsonb)
ON CONFLICT (tenant, user_id) DO UPDATE SET
    app_metadata = (p.app_metadata || EXCLUDED.app_metadata) - %(app_gone)s::text[],
    user_metadata = (p.user_metadata || EXCLUDED.user_metadata) - %(user_gone)s::text[],
    changed_at = now()
"""
_READ = """
SELECT app_metadata, user_metadata FROM authstream_profiles WHERE tenant = %s AND user_id = %s
"""
_ERASE = """
DELETE FROM authstream_profiles WHERE tenant = %s AND user_id = %s RETURNING user_id
"""


class PostgresStore(ProfileStore):
    """A pool of connections to the database of `AUTHSTREAM_METADATA__URL`."""

    name = "postgres"

    def __init__(self) -> None:
        self._pool: AsyncConnectionPool[Any] | None = None

    async def start(self) -> None:
        """Connect and make the table. Raises ConfigurationError without the extra `postgres`."""
        said = Settings().metadata
        required(said, "url")
        try:
            from psycopg_pool import AsyncConnectionPool  # noqa: PLC0415 - in the extra `postgres`
        except ImportError as error:
            raise ConfigurationError(
                "the profile store needs psycopg: pip install 'authstream[postgres]'"
            ) from error
        self._pool = AsyncConnectionPool(
            said.url,
            min_size=1,
            max_size=_CONNECTIONS,
            timeout=_WAIT_SECONDS,
            open=False,
            kwargs={"autocommit": True, "connect_timeout": int(_WAIT_SECONDS)},
        )
        await self._pool.open()
        self._made = False

    async def stop(self) -> None:
        """Close the connections."""
        if self._pool is not None:
            await self._pool.close()
            self._pool = None

    async def apply(self, patch: MetadataPatch, *, hops: int) -> None:  # noqa: ARG002 - nobody is told
        """Merge, in one statement. Raises DeliveryError."""
        app, app_gone = _split(patch.app_metadata)
        usr, user_gone = _split(patch.user_metadata)
        await self._execute(
            _WRITE,
            {
                "tenant": patch.tenant,
                "user": patch.subject or "",
                "app": app,
                "usr": usr,
                "app_gone": app_gone,
                "user_gone": user_gone,
            },
        )

    async def read(self, tenant: str, subject: str) -> Profile | None:
        """A user's metadata. Raises DeliveryError."""
        row = await self._execute(_READ, (tenant, subject))
        return None if row is None else Profile(*row)

    async def erase(self, tenant: str, subject: str) -> bool:
        """Forget a user. Raises DeliveryError."""
        return await self._execute(_ERASE, (tenant, subject)) is not None

    async def _execute(self, statement: str, values: Any) -> tuple[Any, ...] | None:  # noqa: ANN401 - as psycopg takes them
        import psycopg  # noqa: PLC0415 - in the extra `postgres`

        if self._pool is None:
            raise DeliveryError("the profile store is closed", permanent=False)
        try:
            async with self._pool.connection() as connection:
                if not self._made:
                    await _make(connection)
                    self._made = True
                cursor = await connection.execute(statement, values)
                return await cursor.fetchone() if cursor.description else None
        except (psycopg.errors.IntegrityError, psycopg.errors.DataError) as error:
            raise DeliveryError(
                f"the profile store refused it ({type(error).__name__}): over "
                f"{METADATA_BYTES} bytes, or a character that PostgreSQL cannot store",
                permanent=True,
            ) from error
        except psycopg.Error as error:
            raise DeliveryError(
                f"the profile store ({type(error).__name__})", permanent=False
            ) from error


async def _make(connection: Any) -> None:  # noqa: ANN401 - psycopg's connection
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
        await connection.execute(_TABLE)


def _split(members: JsonMembers) -> tuple[str, list[str]]:
    """What is set as JSON, and the keys that are removed."""
    kept = {key: value for key, value in members.items() if value is not None}
    return orjson.dumps(kept).decode(), [key for key in members if key not in kept]


PLUGIN = PostgresStore()
