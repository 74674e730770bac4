"""What a file says, put into the order of the numbers before any of it goes into the record.

A file in no order of its own touches another page of a big table with every line: two and a half million
lines wrote forty gigabytes. In the order of the key each page is written about once. The order is SQLite's to
make, in a database of its own that lies in the system's place for temporary files (`TMPDIR`, or else
/var/tmp), has no name there, and is gone with the connection. Memory is bounded by its cache.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from itertools import starmap
from typing import Final, Self

from gateway.control.commands.problems import CommandError
from gateway.record.sightings import SightingRow

ROWS_AT_ONCE: Final = 5_000
"""In one transaction of the record: some fifty milliseconds in which other writers wait."""
_CACHE_KIBIBYTES: Final = 32 * 1024
_TABLE: Final = "CREATE TABLE said (tn, feed, day, reporter, weight, label, last_day, path)"
_INSERT: Final = "INSERT INTO said VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
# Of lines that name the same sighting, the first of the file is met first.
_ORDERED: Final = "SELECT * FROM said ORDER BY tn, feed, day, reporter, rowid"
_NUMBERS: Final = "SELECT count(DISTINCT tn) FROM said WHERE tn BETWEEN ? AND ? AND length(tn) = ?"


class Spool:
    """Filled once, then emptied in order. Every method may take long and is for a thread of its own.

    They raise CommandError where there is no room on the disk.
    """

    def __init__(self) -> None:
        self._database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        for pragma in ("journal_mode=OFF", "synchronous=OFF", f"cache_size=-{_CACHE_KIBIBYTES}"):
            self._database.execute(f"PRAGMA {pragma}")
        self._database.execute(_TABLE)
        self._ordered: sqlite3.Cursor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        # Whoever is asked to stop in the middle does not wait for an order that nobody wants any more.
        self._database.interrupt()
        self._database.close()

    def add(self, rows: Iterable[SightingRow]) -> None:
        """Take some in, in the order of the file."""
        try:
            self._database.execute("BEGIN")
            self._database.executemany(_INSERT, rows)
            self._database.execute("COMMIT")
        except sqlite3.OperationalError as error:
            raise _no_room(error) from error

    def count_numbers(self, first: str, last: str) -> int:
        """How many different numbers there are from one to another of the same length."""
        try:
            return int(self._database.execute(_NUMBERS, (first, last, len(first))).fetchone()[0])
        except sqlite3.OperationalError as error:
            raise _no_room(error) from error

    def take(self) -> list[SightingRow]:
        """The next `ROWS_AT_ONCE` in the order of the record's key; none at the end."""
        try:
            if self._ordered is None:
                self._ordered = self._database.execute(_ORDERED)
            return list(starmap(SightingRow, self._ordered.fetchmany(ROWS_AT_ONCE)))
        except sqlite3.OperationalError as error:
            raise _no_room(error) from error


def _no_room(error: sqlite3.OperationalError) -> CommandError:
    return CommandError(
        f"the file cannot be put into order: {error}. It takes some four times its size in the place for "
        "temporary files (TMPDIR, or else /var/tmp). Nothing more was taken in"
    )
