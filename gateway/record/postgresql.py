"""The record in PostgreSQL: a server that several nodes may share.

The URL goes to asyncpg as it is (libpq's form: `sslmode`, `passfile`, several hosts, a socket's directory
as `host`). Writers of all nodes take turns at one advisory lock, which the transaction's end releases
however it ends, so that code written for SQLite's single writer holds here. SERIALIZABLE without the lock
was the alternative: every command would then have to be written so that it can be run again.
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit

import asyncpg
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from gateway.record.database import Database, RecordError

SCHEMES: Final = ("postgresql", "postgres")
CONNECT_SECONDS: Final = 5.0
STATEMENT_SECONDS: Final = 60.0
"""A server that holds a statement longer has forgotten us; the connection is then given up."""
TURN_SECONDS: Final = 10
"""How long a writer waits for those before it; a batch of an import takes a second."""

_WRITERS: Final = text("SELECT pg_advisory_xact_lock(4801542389)")
"""A number of our own: advisory locks are numbered within a database."""


def database(url: str) -> Database:
    """The database at this URL; nothing is connected yet. Raises RecordError."""
    if urlsplit(url).scheme not in SCHEMES:
        raise RecordError("the record's URL is neither sqlite:/// nor postgresql://")

    async def connect(*_: object, **__: object) -> Any:  # noqa: ANN401 - asyncpg's connection, untyped
        return await asyncpg.connect(
            url,
            timeout=CONNECT_SECONDS,
            command_timeout=STATEMENT_SECONDS,
            server_settings={
                "application_name": "callmark",
                # A cluster may default to off; an acknowledged change must not be lost with its power.
                "synchronous_commit": "on",
                "lock_timeout": f"{TURN_SECONDS}s",
            },
        )

    # A server that was restarted leaves dead connections in the pool; asking first outlives that.
    engine = create_async_engine("postgresql+asyncpg://", async_creator=connect, pool_pre_ping=True)
    return Database(
        engine,
        where=_named(url),
        is_shared=True,
        options=_options,
        take_turn=_take_turn,
        connection_errors=(DBAPIError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError),
    )


def _named(url: str) -> str:
    """The server and the database, for people: without user, password and parameters."""
    parts = urlsplit(url)
    return f"postgresql://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _options(*, writes: bool) -> dict[str, object]:
    if writes:
        # After the lock each statement sees all that was committed before: none commits meanwhile.
        return {"isolation_level": "READ COMMITTED", "postgresql_readonly": False}
    return {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}


async def _take_turn(transaction: AsyncConnection) -> None:
    await transaction.execute(_WRITERS)
