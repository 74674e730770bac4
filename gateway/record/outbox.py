"""What changed that the facts must follow: a numbered list, gapless in the order of commits.

The number comes from a locked head and not from the database's own counter: two PostgreSQL
transactions can commit their counters in the other order, and a follower that saw 11 before 10
would never see 10. The random mark of each says that it is that change, of that history of the record.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.record.heads import GENESIS_HASH, Head, lock_head, move_head, read_head
from gateway.record.schema import outbox

KEPT_CHANGES: Final = 10_000
"""A follower further behind than this reads everything again, which by then is no slower."""
_MARK_BYTES: Final = 32


class ChangeKind(StrEnum):
    """What kind of row a change names."""

    TOKEN = "token"  # noqa: S105 - the name of a table's row, no secret
    DECISION = "decision"
    REGISTRATION = "registration"


@dataclass(frozen=True, slots=True)
class Position:
    """A place in the list: everything up to one change, 0 before the first.

    Two positions are equal only where the record has the same history up to there: a record restored from a
    backup gives out the same sequence again, but with another mark.
    """

    sequence: int
    mark: str = GENESIS_HASH

    @property
    def is_marked(self) -> bool:
        """Whether it belongs to one history alone; older changes have no mark."""
        return self.mark != GENESIS_HASH


@dataclass(frozen=True, slots=True)
class Change:
    """A row of the record that is not as it was: read it again by its id."""

    position: Position
    kind: ChangeKind
    subject_id: int


async def announce_change(
    transaction: AsyncConnection, kind: ChangeKind, *, subject_id: int, now: int
) -> int:
    """Note a change in the transaction that makes it; return its sequence."""
    sequence = (await lock_head(transaction, "outbox")).sequence + 1
    mark = secrets.token_hex(_MARK_BYTES)
    await transaction.execute(
        insert(outbox).values(sequence=sequence, kind=kind.value, subject_id=subject_id, at=now, mark=mark)
    )
    await transaction.execute(delete(outbox).where(outbox.c.sequence <= sequence - KEPT_CHANGES))
    await move_head(transaction, "outbox", Head(sequence=sequence, hash=mark))
    return sequence


async def read_position(transaction: AsyncConnection) -> Position:
    """Return the place of the last change."""
    head = await read_head(transaction, "outbox")
    return Position(head.sequence, head.hash)


async def changes_since(transaction: AsyncConnection, position: Position) -> tuple[Change, ...] | None:
    """Return what changed after `position`, oldest first; None if that is no longer all kept.

    None also when `position` is none of this record's: it lies beyond the last change, or stands for another.
    """
    last = await read_position(transaction)
    if position == last:
        return ()
    rows = await transaction.execute(
        select(outbox).where(outbox.c.sequence > position.sequence).order_by(outbox.c.sequence)
    )
    changes = tuple(
        Change(Position(row.sequence, row.mark), ChangeKind(row.kind), row.subject_id) for row in rows
    )
    if position.sequence == 0:
        return changes if changes and changes[0].position.sequence == 1 else None
    mark = await transaction.execute(select(outbox.c.mark).where(outbox.c.sequence == position.sequence))
    return changes if mark.scalar_one_or_none() == position.mark else None
