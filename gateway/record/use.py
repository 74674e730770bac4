"""How registered numbers are shown: counts of calls by day, path, by whom, and what became of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.record.registry_tables import registration_days

KEPT_DAYS = 400
"""A year and a month: this month beside last year's."""


@dataclass(frozen=True, slots=True, order=True)
class Shown:
    """One kind of call on one day (UTC, ISO); `path` is a kind of trunk."""

    registration_id: int
    day: str
    path: str
    whose: str
    """`own`, `foreign` or `unknown`: whether it came by a way of the owner's."""
    outcome: str
    """An action, or `signed-` and the attestation."""


async def add_calls(transaction: AsyncConnection, counts: Mapping[Shown, int]) -> None:
    """Add to what is counted already."""
    rows = [
        {
            "registration_id": shown.registration_id,
            "day": shown.day,
            "path": shown.path,
            "whose": shown.whose,
            "outcome": shown.outcome,
            "calls": calls,
        }
        # In the order of the key, so that two nodes never wait for each other crosswise.
        for shown, calls in sorted(counts.items())
    ]
    dialect = postgresql if transaction.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(registration_days)
    statement = statement.on_conflict_do_update(
        index_elements=["registration_id", "day", "path", "whose", "outcome"],
        set_={"calls": registration_days.c.calls + statement.excluded.calls},
    )
    await transaction.execute(statement, rows)


async def read_calls(
    transaction: AsyncConnection, registration_id: int, *, since: str
) -> tuple[tuple[Shown, int], ...]:
    """Return the counts from a day on, oldest first."""
    table = registration_days
    query = (
        select(table)
        .where(table.c.registration_id == registration_id, table.c.day >= since)
        .order_by(table.c.day, table.c.path, table.c.whose, table.c.outcome)
    )
    return tuple(
        (Shown(row.registration_id, row.day, row.path, row.whose, row.outcome), row.calls)
        for row in await transaction.execute(query)
    )


async def forget_calls(transaction: AsyncConnection, *, before: str) -> None:
    """Remove what was counted on days before this one."""
    await transaction.execute(delete(registration_days).where(registration_days.c.day < before))
