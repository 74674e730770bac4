"""Disputed reputations have an owner, and a time by which they are answered."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add both; what is there was answered at once. One number has one open dispute."""
    op.add_column("disputes", sa.Column("owner_id", sa.Integer()))
    op.add_column("disputes", sa.Column("due_at", sa.BigInteger(), nullable=False, server_default="0"))
    op.execute("UPDATE disputes SET due_at = opened_at")
    op.create_index("ix_disputes_owner_id", "disputes", ["owner_id", "id"])
    is_open = sa.text("state = 'open'")
    op.create_index(
        "uq_disputes_open_tn",
        "disputes",
        ["tn"],
        unique=True,
        sqlite_where=is_open,
        postgresql_where=is_open,
    )
