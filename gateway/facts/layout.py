"""The tables of the facts file, for the side that writes and the side that reads.

There are no migrations: a file of another `FORMAT` is thrown away and projected again.
"""

from __future__ import annotations

from typing import Final

FORMAT: Final = 7
"""SQLite's `user_version` of a finished file; 0 is a file nobody has laid out yet.

Raised also when the same tables come to say something else of the same record.
"""

ASKED_AGAIN_SECONDS: Final = 0.005
"""For how long a worker relies on what it read without asking whether the file has changed since."""

LAYOUT: Final = f"""
BEGIN IMMEDIATE;
CREATE TABLE state (one INTEGER PRIMARY KEY CHECK (one = 1), sequence INTEGER NOT NULL, mark TEXT NOT NULL);
-- Clustered by hash: the look-up ends where it finds the hash.
CREATE TABLE tokens (
    hash TEXT NOT NULL PRIMARY KEY, id INTEGER NOT NULL UNIQUE, name TEXT NOT NULL, scopes TEXT NOT NULL,
    trunk TEXT, expires_at INTEGER, owner_id INTEGER
) WITHOUT ROWID;
CREATE TABLE decisions (
    id INTEGER PRIMARY KEY, start TEXT NOT NULL, count INTEGER NOT NULL, action TEXT NOT NULL,
    trunk_kind TEXT, reason TEXT NOT NULL, expires_at INTEGER
);
-- Clustered by block: the look-up finds the ids where it finds the block.
CREATE TABLE decision_blocks (
    block TEXT NOT NULL, decision_id INTEGER NOT NULL, PRIMARY KEY (block, decision_id)
) WITHOUT ROWID;
-- For taking a decision away again.
CREATE INDEX decision_blocks_by_decision ON decision_blocks (decision_id);
-- All that a look-up needs lies where it finds the block, and is short: of a million registrations it touches
-- one page that is not at hand.
CREATE TABLE registration_blocks (
    block TEXT NOT NULL, registration_id INTEGER NOT NULL, count INTEGER NOT NULL,
    expires_at INTEGER NOT NULL, declaration_id INTEGER NOT NULL, PRIMARY KEY (block, registration_id)
) WITHOUT ROWID;
CREATE INDEX registration_blocks_by_registration ON registration_blocks (registration_id);
-- What owners declare of their numbers, in JSON: the same for nearly all numbers of an owner, so kept once.
-- `blocks` says by how many rows; what none refers to is gone. No id is ever used twice, so that a reader may
-- remember what it stands for.
CREATE TABLE declarations (
    id INTEGER PRIMARY KEY AUTOINCREMENT, content TEXT NOT NULL UNIQUE, blocks INTEGER NOT NULL
);
-- How wide the blocks of each table are: a look-up asks for no width that nothing has.
CREATE TABLE widths (
    blocks TEXT NOT NULL, free_digits INTEGER NOT NULL, PRIMARY KEY (blocks, free_digits)
) WITHOUT ROWID;
-- Providers whose word is worth little; few, so replaced whole.
CREATE TABLE doubted_providers (provider TEXT NOT NULL PRIMARY KEY, weight REAL NOT NULL) WITHOUT ROWID;
PRAGMA user_version = {FORMAT};
COMMIT;
"""
