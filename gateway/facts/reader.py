"""The workers' side of the facts: look-ups in microseconds, on a file opened read-only.

What cannot be read is answered as `FactsUnavailable`, never raised and never taken for "no such
fact": no call may fail or be waved through because a file was being replaced. The file is looked
for again, at most once a second, when it was missing, damaged, or is no longer the one opened.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec

from gateway.facts.blocks import EVERY_WIDTH, WIDEST, blocks_of
from gateway.facts.layout import ASKED_AGAIN_SECONDS, FORMAT
from gateway.facts.values import (
    DecisionFact,
    Declaration,
    FactsState,
    FactsUnavailable,
    StandingRegistration,
    TokenFact,
)

_BUSY_SECONDS: Final = 0.005
"""Readers of a WAL file do not wait for its writer; this covers its recovery after a crash."""

_CACHE_KIBIBYTES: Final = 64 * 1024
"""Pages each worker keeps, at most. Not a memory map: a file cut short under a map kills the process."""

_TOKEN: Final = (
    "SELECT id, hash, name, scopes, trunk, expires_at, owner_id FROM tokens"  # noqa: S105 - a statement
    " WHERE hash = ? AND (expires_at IS NULL OR expires_at > ?)"
)
# CROSS JOIN fixes the order: blocks first, whatever the planner guesses without statistics.
_DECISIONS_IN: Final = (
    "SELECT d.id, d.start, d.count, d.action, d.trunk_kind, d.reason, d.expires_at"
    " FROM decision_blocks AS b CROSS JOIN decisions AS d ON d.id = b.decision_id"
    " WHERE b.block IN ({}) AND (d.expires_at IS NULL OR d.expires_at > ?)"
    " ORDER BY d.count, d.id DESC"
)
_REGISTRATIONS_IN: Final = (
    "SELECT count, registration_id, declaration_id FROM registration_blocks"
    " WHERE block IN ({}) AND expires_at > ?"
)
# In one statement, so that no commit between the two takes a declaration away.
_WITH_DECLARATIONS_IN: Final = (
    "SELECT b.count, b.registration_id, d.id, d.content"
    " FROM registration_blocks AS b CROSS JOIN declarations AS d ON d.id = b.declaration_id"
    " WHERE b.block IN ({}) AND b.expires_at > ?"
)
# By the number of blocks asked for.
_DECISIONS: Final = tuple(_DECISIONS_IN.format(", ".join("?" * each)) for each in range(WIDEST + 2))
_REGISTRATIONS: Final = tuple(_REGISTRATIONS_IN.format(", ".join("?" * each)) for each in range(WIDEST + 2))
_WITH_DECLARATIONS: Final = tuple(
    _WITH_DECLARATIONS_IN.format(", ".join("?" * each)) for each in range(WIDEST + 2)
)
_DECLARATION: Final = msgspec.json.Decoder(Declaration)
_DECLARATIONS_KEPT: Final = 10_000
"""Each worker's, at most: some megabytes."""
_WIDTHS: Final = "SELECT free_digits FROM widths WHERE blocks = ?"
_DOUBTED: Final = "SELECT provider, weight FROM doubted_providers"
_STATE: Final = "SELECT sequence, mark FROM state"


class FactsReader:
    """One worker's view of the facts. `now` is in epoch seconds; not for use by several threads."""

    def __init__(self, path: Path, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Remember where the facts are; the first look-up opens them."""
        self._monotonic = monotonic
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None
        self._looked_at: int | None = None
        self._confirmed_at = 0
        self._asked_at = 0.0
        self._version: tuple[object, ...] | None = None
        self._tokens: dict[str, TokenFact] = {}
        self._doubted: dict[str, float] = {}
        # By id, which stands for one declaration as long as the file is this one.
        self._declarations: dict[int, Declaration] = {}
        self._decision_widths: tuple[int, ...] = EVERY_WIDTH
        self._registration_widths: tuple[int, ...] = EVERY_WIDTH
        self._problem = f"the facts file {path} was not opened yet"

    def token(self, token_hash: str, *, now: int) -> TokenFact | FactsUnavailable | None:
        """Return the token of this hash (hex) if it still opens something at `now`."""
        if self._is_unchanged(now):
            kept = self._tokens.get(token_hash)
            if kept is not None and (kept.expires_at is None or kept.expires_at > now):
                return kept
        rows = self._select(_TOKEN, (token_hash, now), now)
        if isinstance(rows, FactsUnavailable):
            return rows
        for token_id, stored, name, scopes, trunk, expires_at, owner_id in rows:
            fact = TokenFact(token_id, stored, name, frozenset(scopes.split()), trunk, expires_at, owner_id)
            self._tokens[token_hash] = fact
            return fact
        return None

    def decisions(self, tn: str, *, now: int) -> tuple[DecisionFact, ...] | FactsUnavailable:
        """Return the decisions in force on this number: narrowest range first, then the newest."""
        widths = self._decision_widths if self._is_unchanged(now) else EVERY_WIDTH
        if not widths:
            return ()
        blocks = blocks_of(tn, widths)
        rows = self._select(_DECISIONS[len(blocks)], (*blocks, now), now)
        return rows if isinstance(rows, FactsUnavailable) else tuple(DecisionFact(*row) for row in rows)

    def registrations(self, tn: str, *, now: int) -> tuple[StandingRegistration, ...] | FactsUnavailable:
        """Return the registrations in force on this number, the narrowest range first."""
        widths = self._registration_widths if self._is_unchanged(now) else EVERY_WIDTH
        if not widths:
            return ()
        blocks = blocks_of(tn, widths)
        rows = self._select(_REGISTRATIONS[len(blocks)], (*blocks, now), now)
        if isinstance(rows, FactsUnavailable):
            return rows
        if len(rows) > 1:
            rows.sort()
        kept = self._declarations
        try:
            return tuple([StandingRegistration(number, kept[declared]) for _, number, declared in rows])
        except KeyError:
            return self._registrations_read_whole(blocks, now)

    def _registrations_read_whole(
        self, blocks: tuple[str, ...], now: int
    ) -> tuple[StandingRegistration, ...] | FactsUnavailable:
        """With their declarations, which are remembered."""
        rows = self._select(_WITH_DECLARATIONS[len(blocks)], (*blocks, now), now)
        if isinstance(rows, FactsUnavailable):
            return rows
        if len(self._declarations) > _DECLARATIONS_KEPT:
            self._declarations.clear()
        found = []
        try:
            for _, number, declaration_id, content in sorted(rows):
                declared = self._declarations[declaration_id] = _DECLARATION.decode(content)
                found.append(StandingRegistration(number, declared))
        except msgspec.MsgspecError as error:
            return FactsUnavailable(f"the facts file {self._path} cannot be read: {error}")
        return tuple(found)

    def weight_of_provider(self, provider: str, *, now: int) -> float:
        """Return what a provider's attestation is worth: 1 unless its scorecard is bad."""
        if now != self._looked_at:
            self._is_unchanged(now)
        return self._doubted.get(provider, 1.0)

    def age_seconds(self, *, now: int) -> int:
        """How long ago the control process last found that the facts are what the record says."""
        if now != self._looked_at:
            self._is_unchanged(now)
        return max(0, now - self._confirmed_at)

    def state(self, *, now: int) -> FactsState | FactsUnavailable:
        """Return how far the facts have followed the record."""
        rows = self._select(_STATE, (), now)
        if isinstance(rows, FactsUnavailable):
            return rows
        for sequence, mark in rows:
            return FactsState(sequence, mark)
        return FactsUnavailable(f"the facts file {self._path} holds no facts yet")

    def close(self) -> None:
        """Close the file; a later look-up would open it again."""
        if self._connection is not None:
            self._connection.close()
        self._connection = self._file = self._looked_at = None

    def _is_unchanged(self, now: int) -> bool:
        """Whether what was kept of the file still is what it says.

        SQLite counts the commits of others (`PRAGMA data_version`, which locks and unlocks the file); it is
        not asked again within five milliseconds: most calls of a busy worker read no file at all.
        """
        if now != self._looked_at:
            self._looked_at = now
            self._look()
        if self._connection is None:
            return False
        moment = self._monotonic()
        if moment - self._asked_at < ASKED_AGAIN_SECONDS:
            return self._version is not None
        self._asked_at = moment
        try:
            version = (*self._connection.execute("PRAGMA data_version").fetchone(), self._file)
            if version == self._version:
                return True
            self._decision_widths, self._registration_widths = (
                tuple(width for (width,) in self._connection.execute(_WIDTHS, (of,)).fetchall())
                for of in ("decision", "registration")
            )
            self._doubted = dict(self._connection.execute(_DOUBTED).fetchall())
        except (sqlite3.Error, UnicodeDecodeError):
            self._version = None
            return False
        self._version = version
        self._tokens = {}
        return True

    def _select(
        self, statement: str, parameters: tuple[object, ...], now: int
    ) -> list[Any] | FactsUnavailable:
        if now != self._looked_at:
            self._looked_at = now
            self._look()
        if self._connection is None:
            return FactsUnavailable(self._problem)
        try:
            return self._connection.execute(statement, parameters).fetchall()
        except (sqlite3.Error, UnicodeDecodeError) as error:
            return FactsUnavailable(f"the facts file {self._path} cannot be read: {error}")

    def _look(self) -> None:
        """Open the file if it is not open, or is not the file that was opened."""
        try:
            status = os.stat(self._path)  # noqa: PTH116 - half the price of Path.stat, every second
        except OSError as error:
            # An open file that lost its name still holds the last facts: stale beats none.
            self._problem = f"the facts file {self._path} cannot be opened: {error.strerror}"
            return
        self._confirmed_at = int(status.st_mtime)
        file = (status.st_dev, status.st_ino)
        if self._connection is not None and file == self._file:
            return
        try:
            connection = _connect(self._path)
        except (sqlite3.Error, ValueError) as error:
            self._problem = f"the facts file {self._path} cannot be opened: {error}"
            return
        if self._connection is not None:
            self._connection.close()
        self._connection, self._file = connection, file
        self._declarations = {}


def _connect(path: Path) -> sqlite3.Connection:
    """Raise sqlite3.Error, or ValueError for a file of another format."""
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=_BUSY_SECONDS, isolation_level=None
    )
    try:
        connection.execute(f"PRAGMA cache_size = -{_CACHE_KIBIBYTES}")
        version = connection.execute("PRAGMA user_version").fetchone()[0]
    except BaseException:
        connection.close()
        raise
    if version != FORMAT:
        connection.close()
        raise ValueError(f"it has format {version}, this Callmark reads {FORMAT}")
    return connection
