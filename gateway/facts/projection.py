"""The control plane's side of the facts: writes `facts.sqlite`, in whole transactions.

A reader sees the facts before a change or after it, never between, and is never kept waiting (WAL).
A full rebuild is one transaction too, rather than a new file renamed over the old: SQLite finds a
file's write-ahead log by its name, and would play the old file's log onto the new one. Everything
here blocks on the disk: the control process calls it from a thread, one call at a time.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.facts.blocks import free_digits, split_range
from gateway.facts.layout import FORMAT, LAYOUT
from gateway.facts.values import DecisionFact, FactsState, RegistrationFact, TokenFact

_BUSY_SECONDS: Final = 5.0
_TABLES: Final = (
    "tokens",
    "decision_blocks",
    "decisions",
    "registration_blocks",
    "registrations",
    "widths",
)

_CACHE_KIBIBYTES: Final = 128 * 1024
"""For rebuilds: numbers come in no order, and pages written out half full are read in again."""


class ProjectionError(Exception):
    """The facts file cannot be written; `str()` is a sentence saying where and why."""


@dataclass(frozen=True, slots=True)
class FactChanges:
    """Ids that changed, and what is to be said of them now: an id without a fact is gone."""

    token_ids: Sequence[int] = ()
    tokens: Sequence[TokenFact] = ()
    decision_ids: Sequence[int] = ()
    decisions: Sequence[DecisionFact] = ()
    registration_ids: Sequence[int] = ()
    registrations: Sequence[RegistrationFact] = ()
    doubted_providers: Mapping[str, float] | None = None
    """All of them and their weights; None leaves them as they are."""


class FactsWriter:
    """Adds facts inside the transaction that `Projection.rebuilding` or `.apply` has begun."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def add_tokens(self, facts: Iterable[TokenFact]) -> None:
        """Add tokens, in the place of those with the same id."""
        self._connection.executemany(
            "INSERT OR REPLACE INTO tokens (id, hash, name, scopes, trunk, expires_at, owner_id)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                (
                    fact.id,
                    fact.hash,
                    fact.name,
                    " ".join(sorted(fact.scopes)),
                    fact.trunk,
                    fact.expires_at,
                    fact.owner_id,
                )
                for fact in facts
            ),
        )

    def add_decisions(self, facts: Sequence[DecisionFact]) -> None:
        """Add decisions that are not there. ValueError for a range that does not exist."""
        self._connection.executemany(
            "INSERT INTO decisions (id, start, count, action, trunk_kind, reason, expires_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                (
                    fact.id,
                    fact.start,
                    fact.count,
                    fact.action,
                    fact.trunk_kind,
                    fact.reason,
                    fact.expires_at,
                )
                for fact in facts
            ),
        )
        self._add_blocks("decision", facts)

    def add_registrations(self, facts: Sequence[RegistrationFact]) -> None:
        """Add registrations that are not there. ValueError for a range that does not exist."""
        self._connection.executemany(
            "INSERT INTO registrations (id, start, count, owner, never_calls_out, trunks, providers, brand,"
            " logo_url, logo_digest, call_reason, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                (
                    fact.id,
                    fact.start,
                    fact.count,
                    fact.owner,
                    fact.never_calls_out,
                    " ".join(sorted(fact.trunks)),
                    " ".join(sorted(fact.providers)),
                    fact.brand,
                    fact.logo_url,
                    fact.logo_digest,
                    fact.call_reason,
                    fact.expires_at,
                )
                for fact in facts
            ),
        )
        self._add_blocks("registration", facts)

    def _add_blocks(self, of: str, facts: Sequence[DecisionFact] | Sequence[RegistrationFact]) -> None:
        blocks = sorted((block, fact.id) for fact in facts for block in split_range(fact.start, fact.count))
        self._connection.executemany(
            f"INSERT INTO {of}_blocks (block, {of}_id) VALUES (?, ?)",  # noqa: S608 - constants
            blocks,
        )
        self._connection.executemany(
            "INSERT OR IGNORE INTO widths (blocks, free_digits) VALUES (?, ?)",
            sorted({(of, free_digits(block)) for block, _ in blocks}),
        )

    def set_doubted_providers(self, weights: Mapping[str, float]) -> None:
        """Put these providers in the place of all that were doubted."""
        self._connection.execute("DELETE FROM doubted_providers")
        self._connection.executemany("INSERT INTO doubted_providers VALUES (?, ?)", sorted(weights.items()))

    def _forget(self, changes: FactChanges) -> None:
        decision_ids = [(decision_id,) for decision_id in changes.decision_ids]
        self._connection.executemany(
            "DELETE FROM tokens WHERE id = ?", [(token_id,) for token_id in changes.token_ids]
        )
        self._connection.executemany("DELETE FROM decision_blocks WHERE decision_id = ?", decision_ids)
        self._connection.executemany("DELETE FROM decisions WHERE id = ?", decision_ids)
        registration_ids = [(registration_id,) for registration_id in changes.registration_ids]
        self._connection.executemany(
            "DELETE FROM registration_blocks WHERE registration_id = ?", registration_ids
        )
        self._connection.executemany("DELETE FROM registrations WHERE id = ?", registration_ids)
        # A width that only some of the gone ones had stays until the next rebuild: asked for in vain.
        for of in ("decision", "registration"):
            self._connection.execute(
                f"DELETE FROM widths WHERE blocks = ? AND NOT EXISTS (SELECT 1 FROM {of}s)",  # noqa: S608 - constants
                (of,),
            )

    def _forget_all(self) -> None:
        for table in _TABLES:
            self._connection.execute(f"DELETE FROM {table}")  # noqa: S608 - constants

    def _set_state(self, state: FactsState) -> None:
        self._connection.execute(
            "INSERT OR REPLACE INTO state (one, sequence, updated_at) VALUES (1, ?, ?)",
            (state.sequence, state.updated_at),
        )


class Projection:
    """The facts file, open for writing; whoever has one holds the record's writer lock."""

    def __init__(self, path: Path) -> None:
        """Open the file, making it where it is missing, of another format or damaged.

        Raises ProjectionError.
        """
        self._path = path
        try:
            self._connection = _open(path)
        except (sqlite3.Error, OSError) as error:
            raise ProjectionError(f"the facts file {path} cannot be opened for writing: {error}") from error

    def state(self) -> FactsState | None:
        """Return how current the facts are; None while nothing was ever projected."""
        row = self._connection.execute("SELECT sequence, updated_at FROM state").fetchone()
        return None if row is None else FactsState(sequence=row[0], updated_at=row[1])

    @contextmanager
    def rebuilding(self, state: FactsState) -> Iterator[FactsWriter]:
        """Replace everything by what is added inside, or nothing if that fails."""
        with self._transaction(state) as writer:
            writer._forget_all()  # noqa: SLF001 - one file, one thing: only this class may empty tables
            yield writer
        # Not left to a later commit: until then every reader walks a log as large as the facts.
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def apply(self, changes: FactChanges, state: FactsState) -> None:
        """Put changes in place, all or none. Without any, it says the facts are current."""
        with self._transaction(state) as writer:
            writer._forget(changes)  # noqa: SLF001 - as above
            writer.add_tokens(changes.tokens)
            writer.add_decisions(changes.decisions)
            writer.add_registrations(changes.registrations)
            if changes.doubted_providers is not None:
                writer.set_doubted_providers(changes.doubted_providers)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    @contextmanager
    def _transaction(self, state: FactsState) -> Iterator[FactsWriter]:
        writer = FactsWriter(self._connection)
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            yield writer
            writer._set_state(state)  # noqa: SLF001 - as above
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            self._roll_back()
            raise ProjectionError(f"the facts file {self._path} cannot be written: {error}") from error
        except BaseException:
            self._roll_back()
            raise

    def _roll_back(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")


def _open(path: Path) -> sqlite3.Connection:
    # Made by hand so that nobody else can read it: it says who may use the gateway.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    try:
        connection = _connect(path)
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version == FORMAT and connection.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok":
            return connection
        connection.close()
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):
            raise
    # Its side files first: a log must never meet a file it does not belong to. A reader that has
    # the old file open keeps the old facts until it sees, within a second, that the file is another.
    for name in (path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm"), path):
        name.unlink(missing_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    connection = _connect(path)
    connection.executescript(LAYOUT)
    return connection


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
