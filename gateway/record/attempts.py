"""How often something was tried lately, by whom: the same count for every process and node.

In the record and not in Redis: a Redis that was emptied would hand out new tries.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from sqlalchemy import delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.record.registry_tables import attempts

KEPT_SECONDS: Final = 86_400


async def count_attempts(transaction: AsyncConnection, purpose: str, subject: str, *, since: int) -> int:
    """Return how often it was tried by (or for) this subject after `since` (epoch seconds)."""
    query = (
        select(func.count())
        .select_from(attempts)
        .where(attempts.c.purpose == purpose, attempts.c.subject == subject, attempts.c.at > since)
    )
    return (await transaction.execute(query)).scalar_one()


async def note_attempts(
    transaction: AsyncConnection, tried: Collection[tuple[str, str]], *, now: int
) -> None:
    """Note a try under each (purpose, subject), and forget those of another day."""
    rows = [{"purpose": purpose, "subject": subject, "at": now} for purpose, subject in tried]
    await transaction.execute(insert(attempts), rows)
    await transaction.execute(delete(attempts).where(attempts.c.at <= now - KEPT_SECONDS))


async def forget_attempts(transaction: AsyncConnection, purpose: str, subject: str) -> None:
    """Forget the tries of one subject: what they were for was reached."""
    await transaction.execute(
        delete(attempts).where(attempts.c.purpose == purpose, attempts.c.subject == subject)
    )
