"""Files read into the record: how far, and what became of their lines.

An import is known by its feed and the hash of its file. What it took is counted in the transaction of the
rows, so an attempt that is killed in the middle has counted what is really there. The next reads the file
once more and takes what is missing; what is there it meets as it would any row that is known.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Row, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.record.schema import imports


@dataclass(frozen=True, slots=True)
class Import:
    """One file of one feed. `taken + merged + refused` may be less than `lines_done`: headings, blanks.

    Until it is finished, `taken` alone is counted.
    """

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


async def advance_import(transaction: AsyncConnection, import_id: int, *, taken: int) -> None:
    """Count the rows that this transaction added."""
    await transaction.execute(
        update(imports).where(imports.c.id == import_id).values(taken=imports.c.taken + taken)
    )


async def finish_import(
    transaction: AsyncConnection, import_id: int, *, lines: int, sightings: int, refused: int, now: int
) -> Import:
    """Note that all of the file is in, with how many lines and sightings it had; return the totals."""
    query = (
        update(imports)
        .where(imports.c.id == import_id)
        .values(lines_done=lines, merged=sightings - imports.c.taken, refused=refused, finished_at=now)
        .returning(imports)
    )
    return _import((await transaction.execute(query)).one())


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
