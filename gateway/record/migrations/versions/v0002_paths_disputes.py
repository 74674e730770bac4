"""Sightings know by which path the number was shown; numbers can be disputed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the path (unknown for what is there) and the table of disputes."""
    op.add_column("sightings", sa.Column("path", sa.String(32), nullable=False, server_default=""))
    op.create_table(
        "disputes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("tn", sa.String(32), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("opened_by", sa.Text(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("answer", sa.Text()),
        sa.Column("answered_at", sa.BigInteger()),
        sa.Column("answered_by", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_disputes"),
        sa.CheckConstraint("state IN ('open', 'upheld', 'rejected')", name=op.f("ck_disputes_state")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_disputes_tn", "disputes", ["tn"])
