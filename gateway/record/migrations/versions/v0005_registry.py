"""The registry: owners, registrations, proofs, and what is told and counted around them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Make the tables of `gateway.record.registry_tables`."""
    op.add_column("tokens", sa.Column("owner_id", sa.Integer()))
    op.create_index("ix_audit_subject", "audit", ["subject", "sequence"])
    op.create_table(
        "attempts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.String(length=32), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempts")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_attempts_at", "attempts", ["at"], unique=False)
    op.create_index("ix_attempts_subject", "attempts", ["purpose", "subject", "at"], unique=False)
    op.create_table(
        "owners",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("contact", sa.String(length=254), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("erased_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_owners")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "proofs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("since_at", sa.BigInteger(), nullable=True),
        sa.Column("until_at", sa.BigInteger(), nullable=True),
        sa.Column("salt", sa.String(length=32), nullable=True),
        sa.Column("code_hash", sa.String(length=64), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("destination", sa.String(length=32), nullable=True),
        sa.Column("statement", sa.Text(), nullable=True),
        sa.Column("first_check_by", sa.Text(), nullable=True),
        sa.Column("second_check_by", sa.Text(), nullable=True),
        sa.CheckConstraint("kind IN ('code', 'call', 'certificate', 'letter')", name=op.f("ck_proofs_kind")),
        sa.CheckConstraint("state IN ('pending', 'given', 'failed', 'void')", name=op.f("ck_proofs_state")),
        sa.ForeignKeyConstraint(["owner_id"], ["owners.id"], name=op.f("fk_proofs_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proofs")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_proofs_owner_id", "proofs", ["owner_id", "id"], unique=False)
    op.create_index("ix_proofs_pending", "proofs", ["kind", "state", "destination"], unique=False)
    op.create_table(
        "registrations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("start", sa.String(length=32), nullable=False),
        sa.Column("number_count", sa.BigInteger(), nullable=False),
        sa.Column("use", sa.String(length=16), nullable=False),
        sa.Column("trunks", sa.Text(), nullable=False),
        sa.Column("providers", sa.Text(), nullable=False),
        sa.Column("brand_name", sa.String(length=80), nullable=True),
        sa.Column("brand_logo_url", sa.Text(), nullable=True),
        sa.Column("brand_logo_digest", sa.String(length=128), nullable=True),
        sa.Column("brand_call_reason", sa.String(length=80), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("until_at", sa.BigInteger(), nullable=True),
        sa.Column("strength", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("use IN ('calling', 'never_calls_out')", name=op.f("ck_registrations_use")),
        sa.CheckConstraint("number_count >= 1", name=op.f("ck_registrations_number_count")),
        sa.ForeignKeyConstraint(["owner_id"], ["owners.id"], name=op.f("fk_registrations_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registrations")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_registrations_owner_id", "registrations", ["owner_id", "id"], unique=False)
    op.create_index("ix_registrations_until_at", "registrations", ["until_at"], unique=False)
    op.create_table(
        "notices",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("registration_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["owners.id"], name=op.f("fk_notices_owner_id")),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["registrations.id"], name=op.f("fk_notices_registration_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_notices_owner_id", "notices", ["owner_id", "id"], unique=False)
    op.create_table(
        "proof_registrations",
        sa.Column("proof_id", sa.Integer(), nullable=False),
        sa.Column("registration_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["proof_id"], ["proofs.id"], name=op.f("fk_proof_registrations_proof_id")),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["registrations.id"], name=op.f("fk_proof_registrations_registration_id")
        ),
        sa.PrimaryKeyConstraint("proof_id", "registration_id", name=op.f("pk_proof_registrations")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_proof_registrations_registration_id", "proof_registrations", ["registration_id"], unique=False
    )
    op.create_table(
        "registration_blocks",
        sa.Column("digits", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("prefix", sa.String(length=32), nullable=False),
        sa.Column("registration_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["registrations.id"], name=op.f("fk_registration_blocks_registration_id")
        ),
        sa.PrimaryKeyConstraint("digits", "prefix", "registration_id", name=op.f("pk_registration_blocks")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_registration_blocks_registration_id", "registration_blocks", ["registration_id"], unique=False
    )
    op.create_table(
        "registration_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("registration_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("step", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["registrations.id"], name=op.f("fk_registration_events_registration_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registration_events")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_registration_events_registration_id",
        "registration_events",
        ["registration_id", "id"],
        unique=False,
    )
