"""Operators' decisions on a number or a range: they beat every score and never feed one.

A decision is never deleted: it is removed (`removed_at`) or expires, and stays for the audit.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, Row, and_, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.record.schema import decisions

_ROWS_AT_ONCE: Final = 5_000


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision as recorded: `count` numbers from `start` on; times are epoch seconds."""

    id: int
    start: str
    count: int
    action: str
    trunk_kind: str | None
    reason: str
    created_at: int
    created_by: str
    expires_at: int | None
    removed_at: int | None


async def insert_decision(
    transaction: AsyncConnection,
    *,
    start: str,
    count: int,
    action: str,
    trunk_kind: str | None,
    reason: str,
    created_at: int,
    created_by: str,
    expires_at: int | None,
) -> Decision:
    """Add a decision. Raises IntegrityError for an action that is none."""
    result = await transaction.execute(
        insert(decisions)
        .values(
            start=start,
            number_count=count,
            action=action,
            trunk_kind=trunk_kind,
            reason=reason,
            created_at=created_at,
            created_by=created_by,
            expires_at=expires_at,
        )
        .returning(decisions)
    )
    return _decision(result.one())


async def find_standing_decision(transaction: AsyncConnection, decision_id: int) -> Decision | None:
    """Return the decision of that id if it was not removed (it may have expired), or None."""
    query = select(decisions).where(decisions.c.id == decision_id, decisions.c.removed_at.is_(None))
    row = (await transaction.execute(query)).one_or_none()
    return None if row is None else _decision(row)


async def mark_removed(transaction: AsyncConnection, decision_id: int, *, now: int) -> None:
    """Remove; a decision removed before keeps its time."""
    await transaction.execute(
        update(decisions)
        .where(decisions.c.id == decision_id, decisions.c.removed_at.is_(None))
        .values(removed_at=now)
    )


async def read_decisions(
    transaction: AsyncConnection, *, now: int, include_past: bool, after_id: int = 0, limit: int = 1_000
) -> tuple[Decision, ...]:
    """Return up to `limit` decisions with a greater id than `after_id`, oldest first."""
    query = select(decisions).where(decisions.c.id > after_id).order_by(decisions.c.id).limit(limit)
    if not include_past:
        query = query.where(_stands(now))
    return tuple(_decision(row) for row in await transaction.execute(query))


async def standing_decisions(
    transaction: AsyncConnection, *, now: int, only_ids: Sequence[int] | None = None
) -> AsyncIterator[list[Decision]]:
    """Yield, in batches, the decisions in force at `now`; of `only_ids` if given."""
    query = select(decisions).where(_stands(now))
    if only_ids is not None:
        query = query.where(decisions.c.id.in_(only_ids))
    stream = await transaction.stream(query, execution_options={"yield_per": _ROWS_AT_ONCE})
    async for rows in stream.partitions():
        yield [_decision(row) for row in rows]


def _stands(now: int) -> ColumnElement[bool]:
    return and_(
        decisions.c.removed_at.is_(None),
        or_(decisions.c.expires_at.is_(None), decisions.c.expires_at > now),
    )


def _decision(row: Row[*tuple[object, ...]]) -> Decision:
    return Decision(
        id=row.id,
        start=row.start,
        count=row.number_count,
        action=row.action,
        trunk_kind=row.trunk_kind,
        reason=row.reason,
        created_at=row.created_at,
        created_by=row.created_by,
        expires_at=row.expires_at,
        removed_at=row.removed_at,
    )
