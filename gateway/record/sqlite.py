"""The record in a SQLite file of the data directory: one node, no server.

WAL mode with `synchronous=FULL`: a commit that returned survives power loss. A writer begins with
BEGIN IMMEDIATE, so that what it read is still true when it writes; a reader's plain BEGIN is a snapshot.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, event
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from gateway.record.database import Database, RecordError

_BUSY_TIMEOUT_MS: Final = 5_000
"""How long a transaction waits for a backup tool or a second writer before it gives up."""

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
    event.listen(engine.sync_engine, "connect", _set_up_connection)
    event.listen(engine.sync_engine, "begin", _begin)
    return Database(engine, where=str(path), is_shared=False, options=_options, take_turn=_take_turn)


def _options(*, writes: bool) -> dict[str, object]:
    return {_WRITES: writes}


async def _take_turn(transaction: AsyncConnection) -> None:
    """Nothing is left to wait for: BEGIN IMMEDIATE has waited."""
    del transaction


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
