"""What an owner is to be told: somebody claims its number, a proof ends, an operator decided."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.record.registry_tables import notices


@dataclass(frozen=True, slots=True)
class Notice:
    """One sentence for an owner. `at` in epoch seconds."""

    id: int
    registration_id: int | None
    at: int
    words: str


async def add_notice(
    transaction: AsyncConnection, *, owner_id: int, registration_id: int | None, words: str, now: int
) -> None:
    """Leave a sentence for an owner."""
    values = {"owner_id": owner_id, "registration_id": registration_id, "at": now, "words": words}
    await transaction.execute(insert(notices).values(values))


async def read_notices(
    transaction: AsyncConnection, *, owner_id: int, limit: int = 100
) -> tuple[Notice, ...]:
    """Return what an owner was told, the newest first."""
    query = select(notices).where(notices.c.owner_id == owner_id).order_by(notices.c.id.desc()).limit(limit)
    return tuple(
        Notice(row.id, row.registration_id, row.at, row.words) for row in await transaction.execute(query)
    )


async def forget_notices(transaction: AsyncConnection, *, owner_id: int) -> None:
    """Remove all of an owner's."""
    await transaction.execute(delete(notices).where(notices.c.owner_id == owner_id))
