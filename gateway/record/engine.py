"""Opening and closing the record, and its two kinds of transaction, the same on both databases.

Writers take turns: what a writing transaction read is still true when it writes, and no other writer's
half is ever seen. A reader has one snapshot from its first statement to its last. A commit that returned
survives power loss. `sqlite.py` and `postgresql.py` say how each database is made to promise that.
The schema is brought up to date on opening, in one transaction.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final

from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.record import postgresql, sqlite
from gateway.record.database import Database, RecordError
from gateway.record.migrations import RecordTooNewError, upgrade

RECORD_FILE: Final = "record.sqlite"
SQLITE_URL: Final = "sqlite:///"


def record_path(data_directory: Path) -> Path:
    """Where a data directory keeps its SQLite record."""
    return data_directory / RECORD_FILE


def record_location(database_url: str, data_directory: Path) -> Path | str:
    """Where `[database] url` says the record is: the path of a SQLite file, or a PostgreSQL URL."""
    if database_url == "sqlite":
        return record_path(data_directory)
    if database_url.startswith(SQLITE_URL):
        return Path(database_url.removeprefix(SQLITE_URL))
    return database_url


class Record:
    """The open record. Made by `open_record`; whoever writes holds `RecordLock`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        # Writers of this process queue here, in order, rather than poll the database's lock.
        self._turn = asyncio.Lock()

    @property
    def is_shared(self) -> bool:
        """Whether other nodes may write it too, so that a change may come from elsewhere."""
        return self._database.is_shared

    @property
    def where(self) -> str:
        """Which record this is, for people; without a password."""
        return self._database.where

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
        database = self._database
        # The connection's own context, not `close`: it gives one back whole though its user is cancelled.
        async with AsyncExitStack() as held:
            try:
                connection = await held.enter_async_context(database.engine.connect())
            except database.connection_errors as error:
                raise RecordError(f"the record {database.where} cannot be used: {_cause(error)}") from error
            try:
                await connection.execution_options(**database.options(writes=writes))
                async with connection.begin():
                    if writes:
                        await database.take_turn(connection)
                    yield connection
            except IntegrityError:
                raise
            except DBAPIError as error:
                raise RecordError(f"the record {database.where} cannot be used: {_cause(error)}") from error

    async def close(self) -> None:
        """Close every connection; SQLite's last one folds the write-ahead log into the file."""
        await self._database.engine.dispose()


async def open_record(where: Path | str) -> Record:
    """Open the record, making it or bringing its tables up to date first.

    Raises RecordError when it cannot be opened, or was written by a newer Callmark.
    """
    record = open_unchanged(where)
    try:
        async with record.write() as transaction:
            await transaction.run_sync(upgrade)
    except RecordTooNewError as error:
        await record.close()
        raise RecordError(f"the record {record.where} {error}") from error
    except BaseException:
        await record.close()
        raise
    return record


def open_unchanged(where: Path | str) -> Record:
    """Open the record as it is, whatever its version; a SQLite file that is missing is made, empty.

    Raises RecordError.
    """
    return Record(sqlite.database(where) if isinstance(where, Path) else postgresql.database(where))


def _cause(error: BaseException) -> str:
    """What the driver said, in one line: SQLAlchemy adds the statement, with the values in it."""
    said = error.orig if isinstance(error, DBAPIError) else error
    # SQLAlchemy names the driver's class before the words of an error it has translated.
    words = " ".join(str(said).split())
    return words.rpartition(">: ")[2] or type(said).__name__
