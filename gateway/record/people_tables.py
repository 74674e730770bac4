"""The tables of people: who may sign in, where they are signed in, and from where they have been before.

`schema.py` has what holds for all tables. Removing a person removes its rows: the audit keeps its id.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
)

from gateway.record.registry_tables import owners
from gateway.record.schema import metadata

people: Final = Table(
    "people",
    metadata,
    Column("id", Integer, primary_key=True),
    # In lower case: nobody is two people by the shift key.
    Column("email", String(254), nullable=False, unique=True),
    Column("role", String(16), nullable=False),
    # With the role `owner`: whose numbers it looks after.
    Column("owner_id", Integer, ForeignKey(owners.c.id)),
    # argon2id with its parameters and salt, in the PHC string format.
    Column("password_hash", Text, nullable=False),
    # RFC 6238, base32: the one in force, and one that was shown and waits for its first code.
    Column("totp_secret", String(64)),
    Column("totp_waiting", String(64)),
    # Of the last code that was taken: no code is taken twice.
    Column("totp_step", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("created_by", Text, nullable=False),
    CheckConstraint("role IN ('owner', 'operator', 'auditor')", name="role"),
    CheckConstraint("(role = 'owner') = (owner_id IS NOT NULL)", name="owner"),
    Index("ix_people_owner_id", "owner_id"),
    sqlite_autoincrement=True,
)

sessions: Final = Table(
    "sessions",
    metadata,
    # SHA-256 of 256 random bits, as for tokens.
    Column("hash", String(64), primary_key=True),
    Column("person_id", Integer, ForeignKey("people.id"), nullable=False),
    # The password was right; the code is still to come, and until then this opens nothing.
    Column("waits_for_code", Boolean, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("ends_at", BigInteger, nullable=False),
    Index("ix_sessions_person_id", "person_id"),
    Index("ix_sessions_ends_at", "ends_at"),
    sqlite_with_rowid=False,
)

devices: Final = Table(
    "devices",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("person_id", Integer, ForeignKey("people.id"), nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Index("ix_devices_person_id", "person_id"),
    sqlite_with_rowid=False,
)
