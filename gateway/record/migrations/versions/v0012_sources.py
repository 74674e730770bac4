"""What became of the numbers that each source of sightings named."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "sources",
        sa.Column("feed", sa.String(64), nullable=False),
        sa.Column("reporter", sa.String(64), nullable=False),
        sa.Column("corroborated", sa.BigInteger(), nullable=False),
        sa.Column("contradicted", sa.BigInteger(), nullable=False),
        sa.Column("measured_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("feed", "reporter", name="pk_sources"),
        sqlite_with_rowid=False,
    )
