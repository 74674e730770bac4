"""Opening and closing the record, and its two kinds of transaction.

SQLite in WAL mode with `synchronous=FULL`: a commit that returned survives power loss. A writer
begins with BEGIN IMMEDIATE, so that what it read is still true when it writes; a reader's plain
BEGIN is a snapshot. The schema is brought up to date on opening, in one transaction.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, event
from sqlalchemy.exc import DatabaseError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from gateway.record.migrations import RecordTooNewError, upgrade

RECORD_FILE: Final = "record.sqlite"

_BUSY_TIMEOUT_MS: Final = 5_000
"""How long a transaction waits for a backup tool or a second writer before it gives up."""

_CACHE_KIBIBYTES: Final = 64 * 1024
"""An import touches the sightings of half a million numbers in no order of theirs."""

_WRITES: Final = "callmark_writes"


class RecordError(Exception):
    """The record cannot be opened, read or written; `str()` is a sentence saying where and why."""


def record_path(data_directory: Path) -> Path:
    """Where a data directory keeps its SQLite record."""
    return data_directory / RECORD_FILE


class Record:
    """The open record. Made by `open_record`; whoever writes holds `RecordLock`."""

    def __init__(self, engine: AsyncEngine, where: str) -> None:
        self._engine = engine
        self._where = where
        # Writers of this process queue here, in order, rather than poll SQLite's lock.
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """Yield one transaction that may write: all of it is committed, or none.

        Raises RecordError if the database refuses; an IntegrityError passes, being a fact about
        the values (a name already taken) that the caller knows how to put.
        """
        async with self._turn, self._transaction(writes=True) as transaction:
            yield transaction

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """Yield one snapshot to read from. Raises RecordError if the database refuses."""
        async with self._transaction(writes=False) as transaction:
            yield transaction

    @asynccontextmanager
    async def _transaction(self, *, writes: bool) -> AsyncIterator[AsyncConnection]:
        try:
            async with self._engine.connect() as connection:
                await connection.execution_options(**{_WRITES: writes})
                async with connection.begin():
                    yield connection
        except IntegrityError:
            raise
        except DatabaseError as error:
            raise RecordError(f"the record {self._where} cannot be used: {error.orig}") from error

    async def close(self) -> None:
        """Close every connection; the last one folds the write-ahead log into the file."""
        await self._engine.dispose()


async def open_record(path: Path) -> Record:
    """Open the record, making it or bringing its tables up to date first.

    Raises RecordError when it cannot be opened, or was written by a newer Callmark.
    """
    try:
        # Made by hand so that nobody else can read it; SQLite gives its -wal and -shm the same mode.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise RecordError(f"the record {path} cannot be opened: {error.strerror}") from error
    engine = create_async_engine(URL.create("sqlite+aiosqlite", database=str(path)))
    event.listen(engine.sync_engine, "connect", _set_up_connection)
    event.listen(engine.sync_engine, "begin", _begin)
    record = Record(engine, str(path))
    try:
        async with record.write() as transaction:
            await transaction.run_sync(upgrade)
    except RecordTooNewError as error:
        await engine.dispose()
        raise RecordError(f"the record {path} {error}") from error
    except BaseException:
        await engine.dispose()
        raise
    return record


def _set_up_connection(connection: Any, _pool_entry: object) -> None:  # noqa: ANN401 - a DBAPI connection
    # The driver must not begin transactions of its own: `_begin` does, with the kind that is meant.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout={_BUSY_TIMEOUT_MS}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"cache_size=-{_CACHE_KIBIBYTES}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
