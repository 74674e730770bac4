"""Calls with registered numbers, counted by day."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the counts."""
    op.create_table(
        "registration_days",
        sa.Column("registration_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("path", sa.String(16), nullable=False),
        sa.Column("whose", sa.String(16), nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("calls", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["registrations.id"], name="fk_registration_days_registration_id"
        ),
        sa.PrimaryKeyConstraint(
            "registration_id", "day", "path", "whose", "outcome", name="pk_registration_days"
        ),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_registration_days_day", "registration_days", ["day"])
