"""The control plane's side of the facts: writes `facts.sqlite`, in whole transactions.

A reader sees the facts before a change or after it, never between, and is never kept waiting (WAL).
A full rebuild is one transaction too, rather than a new file renamed over the old: SQLite finds a
file's write-ahead log by its name, and would play the old file's log onto the new one. Everything
here blocks on the disk: the control process calls it from a thread, one call at a time.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from gateway.facts.blocks import free_digits, split_range
from gateway.facts.opening import identity, open_for_writing
from gateway.facts.seal import break_seal, seal
from gateway.facts.values import DecisionFact, FactsState, RegistrationFact, TokenFact

_TABLES: Final = (
    "tokens",
    "decision_blocks",
    "decisions",
    "registration_blocks",
    "declarations",
    "widths",
)
# The order makes one text of equal declarations.
_DECLARATION: Final = msgspec.json.Encoder(order="deterministic")


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
        blocks = sorted((block, fact.id) for fact in facts for block in split_range(fact.start, fact.count))
        self._connection.executemany("INSERT INTO decision_blocks (block, decision_id) VALUES (?, ?)", blocks)
        self._note_widths("decision", {free_digits(block) for block, _ in blocks})

    def add_registrations(self, facts: Sequence[RegistrationFact]) -> None:
        """Add registrations that are not there. ValueError for a range that does not exist."""
        contents = [_DECLARATION.encode(fact.declared).decode() for fact in facts]
        ranges = [split_range(fact.start, fact.count) for fact in facts]
        referring: Counter[str] = Counter()
        for content, blocks in zip(contents, ranges, strict=True):
            referring[content] += len(blocks)
        ids = {content: self._declaration_id(content, blocks) for content, blocks in referring.items()}
        rows = sorted(
            (block, fact.id, fact.count, fact.expires_at, ids[content])
            for fact, content, blocks in zip(facts, contents, ranges, strict=True)
            for block in blocks
        )
        self._connection.executemany(
            "INSERT INTO registration_blocks (block, registration_id, count, expires_at, declaration_id)"
            " VALUES (?, ?, ?, ?, ?)",
            rows,
        )
        self._note_widths("registration", {free_digits(block) for block, *_ in rows})

    def _declaration_id(self, content: str, blocks: int) -> int:
        """The id of a declaration that so many more blocks refer to."""
        rows = self._connection.execute(
            "INSERT INTO declarations (content, blocks) VALUES (?, ?)"
            " ON CONFLICT (content) DO UPDATE SET blocks = blocks + excluded.blocks RETURNING id",
            (content, blocks),
        )
        (declaration_id,) = rows.fetchall()[0]
        return int(declaration_id)

    def _note_widths(self, of: str, widths: Iterable[int]) -> None:
        self._connection.executemany(
            "INSERT OR IGNORE INTO widths (blocks, free_digits) VALUES (?, ?)",
            sorted((of, width) for width in widths),
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
        self._forget_registrations(changes.registration_ids)
        # A width that only some of the gone ones had stays until the next rebuild: asked for in vain.
        for of in ("decision", "registration"):
            self._connection.execute(
                f"DELETE FROM widths WHERE blocks = ? AND NOT EXISTS (SELECT 1 FROM {of}_blocks)",  # noqa: S608 - constants
                (of,),
            )

    def _forget_registrations(self, registration_ids: Sequence[int]) -> None:
        gone: Counter[int] = Counter()
        for registration_id in registration_ids:
            rows = self._connection.execute(
                "DELETE FROM registration_blocks WHERE registration_id = ? RETURNING declaration_id",
                (registration_id,),
            )
            gone.update(declaration_id for (declaration_id,) in rows.fetchall())
        self._connection.executemany(
            "UPDATE declarations SET blocks = blocks - ? WHERE id = ?",
            [(blocks, declaration_id) for declaration_id, blocks in gone.items()],
        )
        self._connection.executemany(
            "DELETE FROM declarations WHERE id = ? AND blocks = 0",
            [(declaration_id,) for declaration_id in gone],
        )

    def _forget_all(self) -> None:
        for table in _TABLES:
            self._connection.execute(f"DELETE FROM {table}")  # noqa: S608 - constants

    def _set_state(self, state: FactsState) -> None:
        self._connection.execute(
            "INSERT OR REPLACE INTO state (one, sequence, mark) VALUES (1, ?, ?)",
            (state.sequence, state.mark),
        )


class Projection:
    """The facts file, open for writing; whoever has one holds the record's writer lock."""

    def __init__(self, path: Path) -> None:
        """Open the file, making it where it is missing, of another format or damaged.

        Raises ProjectionError.
        """
        self._path = path
        try:
            # Whether the file is known to hold what a record said, as it was found or by a rebuild since.
            self._is_known = break_seal(path)
            self._connection = open_for_writing(path)
            self._file = identity(path)
        except (sqlite3.Error, OSError) as error:
            raise ProjectionError(f"the facts file {path} cannot be opened for writing: {error}") from error

    def kept(self) -> FactsState | None:
        """Return how far the facts have followed; None where those that were found are not relied on."""
        return self._state() if self._is_known else None

    def _state(self) -> FactsState | None:
        row = self._connection.execute("SELECT sequence, mark FROM state").fetchone()
        return None if row is None else FactsState(*row)

    @contextmanager
    def rebuilding(self, state: FactsState) -> Iterator[FactsWriter]:
        """Replace everything by what is added inside, or nothing if that fails."""
        with self._transaction(state) as writer:
            writer._forget_all()  # noqa: SLF001 - one file, one thing: only this class may empty tables
            yield writer
        self._is_known = True
        # Not left to a later commit: until then every reader walks a log as large as the facts.
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def apply(self, changes: FactChanges, state: FactsState) -> None:
        """Put changes in place, all or none.

        Not to be called for nothing: with each commit every reader's pages are read from the disk again.
        """
        with self._transaction(state) as writer:
            writer._forget(changes)  # noqa: SLF001 - as above
            writer.add_tokens(changes.tokens)
            writer.add_decisions(changes.decisions)
            writer.add_registrations(changes.registrations)
            if changes.doubted_providers is not None:
                writer.set_doubted_providers(changes.doubted_providers)

    def confirm(self, *, now: int) -> None:
        """Note that the facts are what the record says at `now`, in epoch seconds. Raises ProjectionError.

        The time stands at the file and not in it: a commit would have every reader read its pages again.
        """
        try:
            os.utime(self._path, (now, now))
        except OSError as error:
            raise ProjectionError(f"the facts file {self._path} takes no time: {error.strerror}") from error

    def close(self) -> None:
        """Close the file, and seal it where what it holds is known."""
        is_whole, confirmed = False, None
        try:
            with contextlib.suppress(sqlite3.Error, OSError):
                self._roll_back()
                if identity(self._path) == self._file:
                    confirmed = self._path.stat()
                (is_busy, *_) = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
                is_whole = not is_busy and self.kept() is not None
        finally:
            self._connection.close()
        with contextlib.suppress(OSError):  # what cannot be sealed is made anew at the next start
            if confirmed is not None and identity(self._path) == self._file:
                # The checkpoint wrote the file and confirmed nothing.
                os.utime(self._path, ns=(confirmed.st_atime_ns, confirmed.st_mtime_ns))
                if is_whole:
                    seal(self._path)

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
