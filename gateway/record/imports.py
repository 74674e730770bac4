"""Files read into the record: how far, and what became of their lines.

An import is known by its feed and the hash of its file. Its progress is written in the transaction
of the rows it counts, so a reader killed in the middle goes on after the last line that is really
there. (To go on, it reads the lines done once more without adding them: of a list without
reporters, how often a line's number came before it is part of its identity.)
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Row, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.record.schema import imports
from gateway.record.sightings import SightingCounts


@dataclass(frozen=True, slots=True)
class Import:
    """One file of one feed. `taken + merged + refused` may be less than `lines_done`: headings, blanks."""

    id: int
    feed: str
    file_sha256: str
    file_name: str
    lines_done: int
    taken: int
    merged: int
    refused: int
    started_at: int
    finished_at: int | None


async def begin_import(
    transaction: AsyncConnection, *, feed: str, file_sha256: str, file_name: str, now: int
) -> Import:
    """Return this file's import: the one begun or finished before, or a new one."""
    query = select(imports).where(imports.c.feed == feed, imports.c.file_sha256 == file_sha256)
    row = (await transaction.execute(query)).one_or_none()
    if row is None:
        values = {
            "feed": feed,
            "file_sha256": file_sha256,
            "file_name": file_name,
            "lines_done": 0,
            "taken": 0,
            "merged": 0,
            "refused": 0,
            "started_at": now,
        }
        row = (await transaction.execute(insert(imports).values(values).returning(imports))).one()
    return _import(row)


async def advance_import(
    transaction: AsyncConnection, import_id: int, *, lines_done: int, counts: SightingCounts, refused: int
) -> None:
    """Note that the file is read up to line `lines_done`; counts are those of this batch."""
    await transaction.execute(
        update(imports)
        .where(imports.c.id == import_id)
        .values(
            lines_done=lines_done,
            taken=imports.c.taken + counts.inserted,
            merged=imports.c.merged + counts.merged,
            refused=imports.c.refused + refused,
        )
    )


async def finish_import(transaction: AsyncConnection, import_id: int, *, now: int) -> Import:
    """Note that the file was read to its end, and return the totals."""
    result = await transaction.execute(
        update(imports).where(imports.c.id == import_id).values(finished_at=now).returning(imports)
    )
    return _import(result.one())


async def latest_imports(transaction: AsyncConnection) -> list[Import]:
    """The file of each feed that was begun last, by the name of the feed."""
    latest = select(func.max(imports.c.id)).group_by(imports.c.feed)
    query = select(imports).where(imports.c.id.in_(latest)).order_by(imports.c.feed)
    return [_import(row) for row in await transaction.execute(query)]


def _import(row: Row[*tuple[object, ...]]) -> Import:
    return Import(
        id=row.id,
        feed=row.feed,
        file_sha256=row.file_sha256,
        file_name=row.file_name,
        lines_done=row.lines_done,
        taken=row.taken,
        merged=row.merged,
        refused=row.refused,
        started_at=row.started_at,
        finished_at=row.finished_at,
    )
