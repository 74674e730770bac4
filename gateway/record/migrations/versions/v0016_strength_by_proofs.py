"""What a registration is worth is asked of its proofs: what was noted once stayed when a proof had ended."""

from __future__ import annotations

from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Drop the column."""
    op.drop_column("registrations", "strength")
