"""An owner's registrations by state, without walking past all others."""

from __future__ import annotations

from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Add the index."""
    op.create_index("ix_registrations_owner_id_state", "registrations", ["owner_id", "state", "id"])
