"""Numbers somebody disputed the reputation of, and what became of it."""

from __future__ import annotations

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.numbers.canonical import TelephoneNumber
from gateway.record.schema import disputes


async def insert_upheld_dispute(
    transaction: AsyncConnection, tn: TelephoneNumber, *, statement: str, actor: str, now: int
) -> int:
    """Note that the number's reputation was disputed and the dispute upheld at once; returns its id."""
    query = (
        insert(disputes)
        .values(
            tn=tn,
            statement=statement,
            opened_at=now,
            opened_by=actor,
            state="upheld",
            answered_at=now,
            answered_by=actor,
        )
        .returning(disputes.c.id)
    )
    return int((await transaction.execute(query)).scalar_one())
