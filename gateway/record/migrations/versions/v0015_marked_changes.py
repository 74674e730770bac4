"""Changes that the facts follow have a random mark: a number alone may stand for two, after a backup."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Add the column; what was there has no mark of its own."""
    op.add_column("outbox", sa.Column("mark", sa.String(64), nullable=False, server_default="0" * 64))
