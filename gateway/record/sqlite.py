"""The record in a SQLite file of the data directory: one node, no server.

WAL mode with `synchronous=FULL`: a commit that returned survives power loss. A writer begins with
BEGIN IMMEDIATE, so that what it read is still true when it writes; a reader's plain BEGIN is a snapshot.
"""

from __future__ import annotations

import os
import sqlite3
import time
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, event
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from gateway.record.database import Database, RecordError

_BUSY_TIMEOUT_MS: Final = 5_000
"""How long a transaction waits for a backup tool or a second writer before it gives up."""
_AGAIN_SECONDS: Final = 0.01

_CACHE_KIBIBYTES: Final = 64 * 1024
"""An import touches the sightings of half a million numbers in no order of theirs."""

_WRITES: Final = "callmark_writes"


def database(path: Path) -> Database:
    """The database in this file, which is made where it is missing. Raises RecordError."""
    try:
        # Made by hand so that nobody else can read it; SQLite gives its -wal and -shm the same mode.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise RecordError(f"the record {path} cannot be opened: {error.strerror}") from error
    engine = create_async_engine(URL.create("sqlite+aiosqlite", database=str(path)))
    event.listen(engine.sync_engine, "connect", set_up_connection)
    event.listen(engine.sync_engine, "begin", _begin)
    return Database(engine, where=str(path), is_shared=False, options=_options, take_turn=_take_turn)


def _options(*, writes: bool) -> dict[str, object]:
    return {_WRITES: writes}


async def _take_turn(transaction: AsyncConnection) -> None:
    """Nothing is left to wait for: BEGIN IMMEDIATE has waited."""
    del transaction


def set_up_connection(connection: Any, _pool_entry: object) -> None:  # noqa: ANN401 - a DBAPI connection
    """Make a new connection one of the record's. Raises sqlite3.Error."""
    # The driver must not begin transactions of its own: `_begin` does, with the kind that is meant.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout={_BUSY_TIMEOUT_MS}",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"cache_size=-{_CACHE_KIBIBYTES}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    _switch_to_wal(cursor)
    cursor.close()


def _switch_to_wal(cursor: Any) -> None:  # noqa: ANN401 - a DBAPI cursor
    """Once in the life of a file; SQLite does not wait where two connections would do it at the same time."""
    end = time.monotonic() + _BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
            time.sleep(_AGAIN_SECONDS)
        else:
            return


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
