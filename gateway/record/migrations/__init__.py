"""The record's tables, version by version; run when the record is opened, never by hand.

A new version is a new file in `versions/`. Each brings the tables from the one before to its own
state and never changes again; there is no way down: a backup is the way back.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.script.revision import ResolutionError
from alembic.util import CommandError
from sqlalchemy import Connection


class RecordTooNewError(Exception):
    """The record has a version this program does not know."""


def upgrade(connection: Connection) -> None:
    """Bring the tables to the newest version, inside the connection's transaction.

    Raises RecordTooNewError.
    """
    config = _config()
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        if isinstance(error.__cause__, ResolutionError):
            newest = ScriptDirectory.from_config(config).get_current_head()
            raise RecordTooNewError(
                f"was written by a newer Callmark: this one knows versions up to {newest}. "
                "Run the newer Callmark, or restore the backup made before it"
            ) from error
        raise


def known_versions() -> tuple[str, ...]:
    """Every version this program knows, the newest first."""
    return tuple(each.revision for each in ScriptDirectory.from_config(_config()).walk_revisions())


def version_of(connection: Connection) -> str | None:
    """The version of the tables as they are; None where there are none yet."""
    return MigrationContext.configure(connection).get_current_revision()


def _config() -> Config:
    config = Config()
    # Alembic reads `%` in an option as an interpolation.
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    return config
