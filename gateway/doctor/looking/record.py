"""The record's version and tokens, read without bringing it up to date."""

from __future__ import annotations

from pathlib import Path

from gateway.doctor.looking.surroundings import Surroundings
from gateway.doctor.record import RecordSeen, TokenSeen
from gateway.record import RecordError, record_location
from gateway.record.engine import open_unchanged
from gateway.record.migrations import known_versions, version_of
from gateway.record.tokens import read_tokens


async def look_at_record(around: Surroundings) -> RecordSeen:
    """Read what there is; a record that is missing is not made."""
    where = record_location(around.settings.database.url, around.data_directory)
    versions = known_versions()
    if isinstance(where, Path) and not where.exists():
        return RecordSeen(where=str(where), is_there=False, newest=versions[0])
    name = str(where) if isinstance(where, Path) else "the record in PostgreSQL"
    record = None
    try:
        record = open_unchanged(where)
        async with record.read() as transaction:
            version = await transaction.run_sync(version_of)
            tokens = await read_tokens(transaction, include_revoked=False) if version == versions[0] else ()
    except RecordError as error:
        return RecordSeen(where=name, problem=str(error), newest=versions[0])
    finally:
        if record is not None:
            await record.close()
    return RecordSeen(
        where=name,
        version=version,
        newest=versions[0],
        is_known=version is None or version in versions,
        tokens=tuple(TokenSeen(each.name, each.scopes, each.trunk, each.expires_at) for each in tokens),
    )
