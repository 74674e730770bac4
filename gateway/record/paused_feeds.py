"""Feeds that an operator has paused, with the reason. A feed that runs has no row."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.record.schema import paused_feeds


@dataclass(frozen=True, slots=True)
class PausedFeed:
    """One feed that is paused; `paused_at` in epoch seconds."""

    feed: str
    reason: str
    paused_at: int
    paused_by: str


async def read_paused(transaction: AsyncConnection) -> list[PausedFeed]:
    """Every feed that is paused, by name."""
    rows = await transaction.execute(select(paused_feeds).order_by(paused_feeds.c.feed))
    return [PausedFeed(*row) for row in rows]


async def find_paused(transaction: AsyncConnection, feed: str) -> PausedFeed | None:
    """This feed's pause; None while it runs."""
    query = select(paused_feeds).where(paused_feeds.c.feed == feed)
    row = (await transaction.execute(query)).one_or_none()
    return None if row is None else PausedFeed(*row)


async def insert_paused(transaction: AsyncConnection, paused: PausedFeed) -> None:
    """Pause a feed. Raises IntegrityError where it is already."""
    await transaction.execute(
        insert(paused_feeds).values(
            feed=paused.feed,
            reason=paused.reason,
            paused_at=paused.paused_at,
            paused_by=paused.paused_by,
        )
    )


async def delete_paused(transaction: AsyncConnection, feed: str) -> None:
    """Let it run again; the audit keeps that it was paused."""
    await transaction.execute(delete(paused_feeds).where(paused_feeds.c.feed == feed))
