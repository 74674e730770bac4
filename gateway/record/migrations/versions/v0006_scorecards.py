"""Providers' scorecards: what their signatures did, by day."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "scorecards",
        sa.Column("provider", sa.String(64), nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("calls", sa.BigInteger(), nullable=False),
        sa.Column("attested_a", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.BigInteger(), nullable=False),
        sa.Column("skew_sum", sa.Float(), nullable=False),
        sa.Column("skew_low", sa.Float(), nullable=False),
        sa.Column("skew_high", sa.Float(), nullable=False),
        sa.Column("complaints", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("provider", "day", name="pk_scorecards"),
        sqlite_with_rowid=False,
    )
