"""Opening the facts file for its one writer."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Final

from gateway.facts.layout import FORMAT, LAYOUT

_BUSY_SECONDS: Final = 5.0

_CACHE_KIBIBYTES: Final = 128 * 1024
"""For rebuilds: numbers come in no order, and pages written out half full are read in again."""

_DAMAGED: Final = (
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_ERROR,
    sqlite3.SQLITE_READONLY,
)
"""What SQLite says of bytes that are no database, or one of another kind. A disk that cannot be written says
so again when the file is made anew."""


def identity(path: Path) -> tuple[int, int]:
    """Which file of the disk it is, whatever its name stands for later. Raises OSError."""
    status = path.stat()
    return status.st_dev, status.st_ino


def open_for_writing(path: Path) -> sqlite3.Connection:
    """Open the file, made anew where it is missing, of another format or damaged.

    Raises sqlite3.Error and OSError.
    """
    # Made by hand so that nobody else can read it: it says who may use the gateway.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    try:
        connection = _connect(path)
        if _is_whole(connection):
            return connection
        connection.close()
    except UnicodeDecodeError:
        pass  # SQLite's own words about a damaged file repeat its bytes
    except sqlite3.DatabaseError as error:
        # Python's own complaint of a text that is none comes without a code.
        if getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF not in _DAMAGED:
            raise
    # Its side files first: a log must never meet a file it does not belong to. A reader that has
    # the old file open keeps the old facts until it sees, within a second, that the file is another.
    for name in (path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm"), path):
        name.unlink(missing_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    connection = _connect(path)
    connection.executescript(LAYOUT)
    return connection


def _is_whole(connection: sqlite3.Connection) -> bool:
    try:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        return bool(version == FORMAT and connection.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok")
    except BaseException:
        connection.close()
        raise


def _connect(path: Path) -> sqlite3.Connection:
    # Rebuilds hop between threads, one at a time.
    connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode=WAL").fetchall()
        # A power cut may lose the last change, never the file; the record has it still.
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute(f"PRAGMA cache_size=-{_CACHE_KIBIBYTES}")
    except BaseException:
        connection.close()
        raise
    return connection
