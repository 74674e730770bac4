"""How calls ended, in SQL: one row a call, kept for as long as traffic is looked back on.

A call is known by its trunk and the switch's name for it: an event told twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.journal import CallEvent
from gateway.record.schema import call_events

KEPT_SECONDS: Final = 2 * 86_400
"""A national carrier has tens of millions of calls a day; what is learnt of them is kept elsewhere."""


async def add_call_events(transaction: AsyncConnection, batch: Sequence[CallEvent]) -> tuple[CallEvent, ...]:
    """Add what is not there yet; return those that were added, each call once."""
    by_call = {(each.trunk, each.call_id): each for each in reversed(batch)}
    if not by_call:
        return ()
    rows = [
        {
            "trunk": each.trunk,
            "call_id": each.call_id,
            "at": int(each.time),
            "orig": each.orig,
            "dest": each.dest,
            "answered": each.answered,
            "duration_seconds": each.duration_seconds,
            "cause": each.cause,
        }
        for _, each in sorted(by_call.items())
    ]
    dialect = postgresql if transaction.dialect.name == "postgresql" else sqlite
    key = (call_events.c.trunk, call_events.c.call_id)
    statement = dialect.insert(call_events).on_conflict_do_nothing().returning(*key)
    added = (await transaction.execute(statement, rows)).all()
    return tuple(by_call[row.trunk, row.call_id] for row in added)


async def find_call_event(transaction: AsyncConnection, trunk: str, call_id: str) -> CallEvent | None:
    """Return how a call ended, if that was told."""
    query = select(call_events).where(call_events.c.trunk == trunk, call_events.c.call_id == call_id)
    row = (await transaction.execute(query)).one_or_none()
    if row is None:
        return None
    return CallEvent(
        call_id=row.call_id,
        time=row.at,
        trunk=row.trunk,
        orig=row.orig,
        dest=row.dest,
        answered=row.answered,
        duration_seconds=row.duration_seconds,
        cause=row.cause,
    )


async def forget_call_events(transaction: AsyncConnection, *, before: int) -> None:
    """Remove the calls that began before this moment (epoch seconds)."""
    await transaction.execute(delete(call_events).where(call_events.c.at < before))
