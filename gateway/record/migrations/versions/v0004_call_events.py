"""How calls ended, as switches tell it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the table of call events."""
    op.create_table(
        "call_events",
        sa.Column("trunk", sa.String(64), nullable=False),
        sa.Column("call_id", sa.String(256), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("orig", sa.String(32)),
        sa.Column("dest", sa.String(32), nullable=False),
        sa.Column("answered", sa.Boolean(), nullable=False),
        sa.Column("duration_seconds", sa.Float(), nullable=False),
        sa.Column("cause", sa.Integer()),
        sa.PrimaryKeyConstraint("trunk", "call_id", name="pk_call_events"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_call_events_at", "call_events", ["at"])
