"""Every table of the record. `migrations/` makes them; a test compares the two.

All times are whole epoch seconds (`…_at`), days ISO dates, numbers canonical digits (RFC 8224 section 8.3,
`gateway.numbers`), and ids are never used twice, so that an audit row keeps meaning one thing.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    text,
)

metadata: Final = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

_LIVE: Final = text("revoked_at IS NULL")
_OPEN: Final = text("state = 'open'")

tokens: Final = Table(
    "tokens",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(64), nullable=False),
    # Plain SHA-256: the token is 256 random bits, so there is no dictionary a salt would defeat,
    # and a worker can find the row by hash in one look-up.
    Column("hash", String(64), nullable=False, unique=True),
    Column("scopes", Text, nullable=False),
    Column("trunk", String(64)),
    # With the scope `owner`: whose numbers it opens.
    Column("owner_id", Integer),
    Column("created_at", BigInteger, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("expires_at", BigInteger),
    Column("revoked_at", BigInteger),
    # A name may be used again once its token is revoked; the revoked rows stay for the audit.
    Index("uq_tokens_live_name", "name", unique=True, sqlite_where=_LIVE, postgresql_where=_LIVE),
    sqlite_autoincrement=True,
)

decisions: Final = Table(
    "decisions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("start", String(32), nullable=False),
    # Not `count`: a result row is a tuple, and has a method of that name.
    Column("number_count", BigInteger, nullable=False),
    Column("action", String(16), nullable=False),
    Column("trunk_kind", String(16)),
    Column("reason", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("expires_at", BigInteger),
    Column("removed_at", BigInteger),
    CheckConstraint("number_count >= 1", name="number_count"),
    CheckConstraint("action IN ('allow', 'label', 'challenge', 'block')", name="action"),
    sqlite_autoincrement=True,
)

paused_feeds: Final = Table(
    "paused_feeds",
    metadata,
    Column("feed", String(64), primary_key=True),
    Column("reason", Text, nullable=False),
    Column("paused_at", BigInteger, nullable=False),
    Column("paused_by", Text, nullable=False),
    sqlite_with_rowid=False,
)

heads: Final = Table(
    "heads",
    metadata,
    # One row per growing chain. Locking it (`FOR UPDATE`; BEGIN IMMEDIATE on SQLite) is what makes
    # two appenders take turns: under default transactions both read the same last row.
    Column("chain", String(16), primary_key=True),
    Column("sequence", BigInteger, nullable=False),
    Column("hash", String(64), nullable=False),
)

audit: Final = Table(
    "audit",
    metadata,
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", String(64), nullable=False),
    Column("subject", Text, nullable=False),
    # The text that was hashed, not a JSON column: PostgreSQL's jsonb would re-order it.
    Column("detail", Text, nullable=False),
    Column("previous_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    # An owner sees what was done to its own; not hashed, being no more than a way to find rows.
    Index("ix_audit_subject", "subject", "sequence"),
)

outbox: Final = Table(
    "outbox",
    metadata,
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", String(16), nullable=False),
    Column("subject_id", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    # Random. A record restored from a backup counts on from there: the same number is then another change.
    Column("mark", String(64), nullable=False, server_default="0" * 64),
)

imports: Final = Table(
    "imports",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("feed", String(64), nullable=False),
    Column("file_sha256", String(64), nullable=False),
    Column("file_name", Text, nullable=False),
    Column("lines_done", BigInteger, nullable=False),
    Column("taken", BigInteger, nullable=False),
    Column("merged", BigInteger, nullable=False),
    Column("refused", BigInteger, nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("finished_at", BigInteger),
    Index("uq_imports_feed_file", "feed", "file_sha256", unique=True),
    sqlite_autoincrement=True,
)

sightings: Final = Table(
    "sightings",
    metadata,
    # The number leads the key: what is known of one number is one short walk, a rebuild of the
    # cache streams by number, and no second index has to be kept while half a million rows go in.
    Column("tn", String(32), primary_key=True),
    Column("feed", String(64), primary_key=True),
    Column("day", String(10), primary_key=True),
    # Of an unknown reporter: how often that feed had named the number that day.
    Column("reporter", String(64), primary_key=True),
    Column("weight", Float, nullable=False),
    Column("label", Text, nullable=False),
    Column("last_day", String(10), nullable=False),
    # Trunk kind and signature state, `international/unsigned`; empty where nobody said.
    Column("path", String(32), nullable=False, server_default=""),
    # Where it came from, so that what a bad file brought can be found.
    Column("import_id", Integer, ForeignKey("imports.id")),
    sqlite_with_rowid=False,
)

disputes: Final = Table(
    "disputes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("tn", String(32), nullable=False),
    Column("statement", Text, nullable=False),
    Column("opened_at", BigInteger, nullable=False),
    Column("opened_by", Text, nullable=False),
    # Upheld: what was seen up to that day no longer counts against the number.
    Column("state", String(16), nullable=False),
    Column("answer", Text),
    Column("answered_at", BigInteger),
    Column("answered_by", Text),
    # None where an operator opened it for somebody who is no owner here.
    Column("owner_id", Integer),
    Column("due_at", BigInteger, nullable=False, server_default="0"),
    CheckConstraint("state IN ('open', 'upheld', 'rejected')", name="state"),
    Index("ix_disputes_tn", "tn"),
    Index("ix_disputes_owner_id", "owner_id", "id"),
    Index("uq_disputes_open_tn", "tn", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
    sqlite_autoincrement=True,
)

call_events: Final = Table(
    "call_events",
    metadata,
    # A switch's own name for a call is unique on its trunk only.
    Column("trunk", String(64), primary_key=True),
    Column("call_id", String(256), primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("orig", String(32)),
    Column("dest", String(32), nullable=False),
    Column("answered", Boolean, nullable=False),
    Column("duration_seconds", Float, nullable=False),
    Column("cause", Integer),
    Index("ix_call_events_at", "at"),
    sqlite_with_rowid=False,
)

scorecards: Final = Table(
    "scorecards",
    metadata,
    # By SPC; calls whose signature passed, but for `failures`.
    Column("provider", String(64), primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("calls", BigInteger, nullable=False),
    Column("attested_a", BigInteger, nullable=False),
    Column("failures", BigInteger, nullable=False),
    Column("skew_sum", Float, nullable=False),
    Column("skew_low", Float, nullable=False),
    Column("skew_high", Float, nullable=False),
    Column("complaints", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

generations: Final = Table(
    "generations",
    metadata,
    # Each node counts its own: several may write to one record.
    Column("node", String(32), primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("digest", String(64), nullable=False),
    Column("policy", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("cause", String(16), nullable=False),
    Column("why", Text, nullable=False),
    # JSON: what changed, and what it would have made of the recent calls.
    Column("differences", Text, nullable=False),
    Column("effect", Text),
    sqlite_with_rowid=False,
)

leases: Final = Table(
    "leases",
    metadata,
    Column("name", String(16), primary_key=True),
    Column("holder", String(64), nullable=False),
    # Raised with each change of hands: what fences an earlier holder's writes.
    Column("term", BigInteger, nullable=False),
    # By the database's clock, with its fractions.
    Column("ends_at", Float, nullable=False),
)

nodes: Final = Table(
    "nodes",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("name", String(255), nullable=False),
    Column("plane", String(16), nullable=False),
    Column("version", String(64), nullable=False),
    Column("generation", BigInteger),
    Column("digest", String(64)),
    Column("leads", Boolean, nullable=False),
    Column("problems", Text, nullable=False),
    Column("seen_at", Float, nullable=False),
)

sources: Final = Table(
    "sources",
    metadata,
    Column("feed", String(64), primary_key=True),
    # Empty for the feed as a whole.
    Column("reporter", String(64), primary_key=True),
    # Distinct numbers.
    Column("corroborated", BigInteger, nullable=False),
    Column("contradicted", BigInteger, nullable=False),
    Column("measured_at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
