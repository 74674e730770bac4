"""The registry's tables: owners, what they registered, how they proved it, and what happened to it.

`gateway.registry` says what the words in `use`, `state`, `kind` and `step` mean; `schema.py` has the other
tables, and what holds for all of them.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, Integer, String, Table, Text

from gateway.record.schema import metadata

owners: Final = Table(
    "owners",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(120), nullable=False),
    Column("contact", String(254), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("created_by", Text, nullable=False),
    # Name and contact are empty from then on; the row stays, so that the audit keeps meaning one owner.
    Column("erased_at", BigInteger),
    sqlite_autoincrement=True,
)

registrations: Final = Table(
    "registrations",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("owner_id", Integer, ForeignKey("owners.id"), nullable=False),
    Column("start", String(32), nullable=False),
    Column("number_count", BigInteger, nullable=False),
    Column("use", String(16), nullable=False),
    # Names and codes without blanks, a blank between two.
    Column("trunks", Text, nullable=False),
    Column("providers", Text, nullable=False),
    Column("brand_name", String(80)),
    Column("brand_logo_url", Text),
    Column("brand_logo_digest", String(128)),
    Column("brand_call_reason", String(80)),
    Column("state", String(16), nullable=False),
    Column("until_at", BigInteger),
    Column("created_at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    CheckConstraint("number_count >= 1", name="number_count"),
    CheckConstraint("use IN ('calling', 'never_calls_out')", name="use"),
    Index("ix_registrations_owner_id", "owner_id", "id"),
    # For an owner's pages of those that wait for somebody, among a million that do not.
    Index("ix_registrations_owner_id_state", "owner_id", "state", "id"),
    # For the look at what ends soon.
    Index("ix_registrations_until_at", "until_at"),
    sqlite_autoincrement=True,
)

registration_blocks: Final = Table(
    "registration_blocks",
    metadata,
    # A live registration's numbers as aligned decimal blocks (`gateway.facts.blocks`), so that "which others
    # have any of these numbers" is a few short walks of this index among a million registrations.
    Column("digits", Integer, primary_key=True, autoincrement=False),
    Column("prefix", String(32), primary_key=True),
    Column("registration_id", Integer, ForeignKey("registrations.id"), primary_key=True),
    Index("ix_registration_blocks_registration_id", "registration_id"),
    sqlite_with_rowid=False,
)

registration_events: Final = Table(
    "registration_events",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("registration_id", Integer, ForeignKey("registrations.id"), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("step", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("why", Text, nullable=False),
    Index("ix_registration_events_registration_id", "registration_id", "id"),
    sqlite_autoincrement=True,
)

proofs: Final = Table(
    "proofs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("owner_id", Integer, ForeignKey("owners.id"), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("created_by", Text, nullable=False),
    # Until when what was begun may be completed.
    Column("expires_at", BigInteger, nullable=False),
    # From when until when it counts, once given.
    Column("since_at", BigInteger),
    Column("until_at", BigInteger),
    # Of a code.
    Column("salt", String(32)),
    Column("code_hash", String(64)),
    Column("tries", Integer, nullable=False),
    # Of a call: the number to be called.
    Column("destination", String(32)),
    # Of a letter: what it says, and who read it. Of a certificate: what is to be signed, and its fingerprint.
    Column("statement", Text),
    Column("first_check_by", Text),
    Column("second_check_by", Text),
    CheckConstraint("kind IN ('code', 'call', 'certificate', 'letter')", name="kind"),
    CheckConstraint("state IN ('pending', 'given', 'failed', 'void')", name="state"),
    Index("ix_proofs_owner_id", "owner_id", "id"),
    # A call is looked for by the number it was made to; letters by what is still to be read.
    Index("ix_proofs_pending", "kind", "state", "destination"),
    sqlite_autoincrement=True,
)

proof_registrations: Final = Table(
    "proof_registrations",
    metadata,
    Column("proof_id", Integer, ForeignKey("proofs.id"), primary_key=True),
    Column("registration_id", Integer, ForeignKey("registrations.id"), primary_key=True),
    Index("ix_proof_registrations_registration_id", "registration_id"),
    sqlite_with_rowid=False,
)

attempts: Final = Table(
    "attempts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("purpose", String(32), nullable=False),
    Column("subject", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
    Index("ix_attempts_subject", "purpose", "subject", "at"),
    Index("ix_attempts_at", "at"),
    sqlite_autoincrement=True,
)

notices: Final = Table(
    "notices",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("owner_id", Integer, ForeignKey("owners.id"), nullable=False),
    Column("registration_id", Integer, ForeignKey("registrations.id")),
    Column("at", BigInteger, nullable=False),
    Column("words", Text, nullable=False),
    Index("ix_notices_owner_id", "owner_id", "id"),
    sqlite_autoincrement=True,
)

registration_days: Final = Table(
    "registration_days",
    metadata,
    Column("registration_id", Integer, ForeignKey("registrations.id"), primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("path", String(16), primary_key=True),
    Column("whose", String(16), primary_key=True),
    Column("outcome", String(16), primary_key=True),
    Column("calls", BigInteger, nullable=False),
    Index("ix_registration_days_day", "day"),
    sqlite_with_rowid=False,
)
