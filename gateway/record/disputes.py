"""Numbers somebody disputed the reputation of, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy import Row, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.numbers.canonical import TelephoneNumber
from gateway.numbers.ranges import NumberRange
from gateway.record.schema import disputes
from gateway.reputation.dispute import DisputeState


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispute:
    """One of them. Times in epoch seconds."""

    id: int
    tn: TelephoneNumber
    statement: str
    owner_id: int | None
    """Whose number it is; None where an operator opened it for somebody who is no owner here."""
    opened_at: int
    opened_by: str
    due_at: int
    """By when it was promised to be answered."""
    state: DisputeState
    answer: str | None = None
    answered_at: int | None = None
    answered_by: str | None = None


async def insert_dispute(
    transaction: AsyncConnection,
    tn: TelephoneNumber,
    *,
    statement: str,
    owner_id: int | None,
    actor: str,
    now: int,
    due_at: int,
) -> Dispute:
    """Add an open dispute. Raises IntegrityError where one about the number is open already."""
    values = {
        "tn": tn,
        "statement": statement,
        "owner_id": owner_id,
        "opened_at": now,
        "opened_by": actor,
        "due_at": due_at,
        "state": DisputeState.OPEN.value,
    }
    return _dispute((await transaction.execute(insert(disputes).values(values).returning(disputes))).one())


async def answer_open_dispute(
    transaction: AsyncConnection, dispute_id: int, state: DisputeState, *, words: str, actor: str, now: int
) -> Dispute | None:
    """Answer a dispute and return it; None where there is none of that id that is open."""
    query = (
        update(disputes)
        .where(disputes.c.id == dispute_id, disputes.c.state == DisputeState.OPEN.value)
        .values(state=state.value, answer=words, answered_at=now, answered_by=actor)
        .returning(disputes)
    )
    row = (await transaction.execute(query)).one_or_none()
    return None if row is None else _dispute(row)


async def find_dispute(
    transaction: AsyncConnection, dispute_id: int, *, owner_id: int | None
) -> Dispute | None:
    """Return a dispute; an owner's own only, with an `owner_id`."""
    query = select(disputes).where(disputes.c.id == dispute_id)
    if owner_id is not None:
        query = query.where(disputes.c.owner_id == owner_id)
    row = (await transaction.execute(query)).one_or_none()
    return None if row is None else _dispute(row)


async def find_open_dispute(transaction: AsyncConnection, tn: TelephoneNumber) -> Dispute | None:
    """Return the open dispute about a number, of which there is one at most."""
    query = select(disputes).where(disputes.c.tn == tn, disputes.c.state == DisputeState.OPEN.value)
    row = (await transaction.execute(query)).one_or_none()
    return None if row is None else _dispute(row)


async def read_disputes(
    transaction: AsyncConnection,
    *,
    owner_id: int | None,
    state: DisputeState | None = None,
    after_id: int = 0,
    limit: int = 100,
) -> tuple[Dispute, ...]:
    """Return a page, oldest first; of every owner's without an `owner_id`."""
    query = select(disputes).where(disputes.c.id > after_id).order_by(disputes.c.id).limit(limit)
    if owner_id is not None:
        query = query.where(disputes.c.owner_id == owner_id)
    if state is not None:
        query = query.where(disputes.c.state == state.value)
    return tuple(_dispute(row) for row in await transaction.execute(query))


async def disputes_about(
    transaction: AsyncConnection, numbers: NumberRange, *, owner_id: int, limit: int
) -> tuple[Dispute, ...]:
    """Return the latest disputes of an owner about these numbers, newest first."""
    query = (
        select(disputes)
        .where(
            disputes.c.owner_id == owner_id,
            disputes.c.tn.between(numbers.start, numbers.last),
            func.length(disputes.c.tn) == len(numbers.start),
        )
        .order_by(disputes.c.id.desc())
        .limit(limit)
    )
    return tuple(_dispute(row) for row in await transaction.execute(query))


async def release_days(transaction: AsyncConnection, *, first: str, last: str) -> dict[str, date]:
    """Return the day each number from one to another was last released on, of those that ever were."""
    query = (
        select(disputes.c.tn, func.max(disputes.c.answered_at).label("at"))
        .where(disputes.c.tn.between(first, last), disputes.c.state == DisputeState.UPHELD.value)
        .group_by(disputes.c.tn)
    )
    return {row.tn: datetime.fromtimestamp(row.at, UTC).date() for row in await transaction.execute(query)}


async def forget_statements(transaction: AsyncConnection, *, owner_id: int) -> None:
    """Take out what an owner wrote; that its numbers were released, or not, stays."""
    await transaction.execute(update(disputes).where(disputes.c.owner_id == owner_id).values(statement=""))


def _dispute(row: Row[*tuple[object, ...]]) -> Dispute:
    return Dispute(
        id=row.id,
        tn=row.tn,
        statement=row.statement,
        owner_id=row.owner_id,
        opened_at=row.opened_at,
        opened_by=row.opened_by,
        due_at=row.due_at,
        state=DisputeState(row.state),
        answer=row.answer,
        answered_at=row.answered_at,
        answered_by=row.answered_by,
    )
