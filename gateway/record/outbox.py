"""What changed that the facts must follow: a numbered list, gapless in the order of commits.

The number comes from a locked head and not from the database's own counter: two PostgreSQL
transactions can commit their counters in the other order, and a follower that saw 11 before 10
would never see 10.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlalchemy import delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.record.heads import Head, lock_head, move_head, read_head
from gateway.record.schema import outbox

KEPT_CHANGES: Final = 10_000
"""A follower further behind than this reads everything again, which by then is no slower."""


class ChangeKind(StrEnum):
    """What kind of row a change names."""

    TOKEN = "token"  # noqa: S105 - the name of a table's row, no secret
    DECISION = "decision"
    REGISTRATION = "registration"


@dataclass(frozen=True, slots=True)
class Change:
    """A row of the record that is not as it was: read it again by its id."""

    sequence: int
    kind: ChangeKind
    subject_id: int


async def announce_change(
    transaction: AsyncConnection, kind: ChangeKind, *, subject_id: int, now: int
) -> int:
    """Note a change in the transaction that makes it; return its sequence."""
    head = await lock_head(transaction, "outbox")
    sequence = head.sequence + 1
    await transaction.execute(
        insert(outbox).values(sequence=sequence, kind=kind.value, subject_id=subject_id, at=now)
    )
    await transaction.execute(delete(outbox).where(outbox.c.sequence <= sequence - KEPT_CHANGES))
    await move_head(transaction, "outbox", Head(sequence=sequence, hash=head.hash))
    return sequence


async def read_sequence(transaction: AsyncConnection) -> int:
    """Return the sequence of the last change, 0 before the first."""
    return (await read_head(transaction, "outbox")).sequence


async def changes_since(transaction: AsyncConnection, sequence: int) -> tuple[Change, ...] | None:
    """Return what changed after `sequence`, oldest first; None if that is no longer all kept.

    None also when `sequence` lies beyond the last change: the record is not the one it came from.
    """
    last = await read_sequence(transaction)
    if sequence > last:
        return None
    first = (await transaction.execute(select(func.min(outbox.c.sequence)))).scalar_one()
    if sequence < last and (first is None or first > sequence + 1):
        return None
    rows = await transaction.execute(
        select(outbox).where(outbox.c.sequence > sequence).order_by(outbox.c.sequence)
    )
    return tuple(Change(row.sequence, ChangeKind(row.kind), row.subject_id) for row in rows)
