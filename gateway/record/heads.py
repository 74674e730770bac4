"""The last link of each growing chain, taken under a lock so that two appenders take turns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.record.schema import heads

Chain = Literal["audit", "outbox"]

GENESIS_HASH: Final = "0" * 64


@dataclass(frozen=True, slots=True)
class Head:
    """The sequence and hash of a chain's last row; sequence 0 before the first."""

    sequence: int
    hash: str


async def read_head(transaction: AsyncConnection, chain: Chain) -> Head:
    """Return the last link as this transaction sees it, without holding others back."""
    row = (await transaction.execute(select(heads).where(heads.c.chain == chain))).one()
    return Head(sequence=row.sequence, hash=row.hash)


async def lock_head(transaction: AsyncConnection, chain: Chain) -> Head:
    """Return the last link and keep every other appender waiting until this transaction ends.

    SQLite ignores FOR UPDATE; there `Record.write` has locked the whole file already.
    """
    row = (await transaction.execute(select(heads).where(heads.c.chain == chain).with_for_update())).one()
    return Head(sequence=row.sequence, hash=row.hash)


async def move_head(transaction: AsyncConnection, chain: Chain, head: Head) -> None:
    """Make this the last link; only after `lock_head` in the same transaction."""
    await transaction.execute(
        update(heads).where(heads.c.chain == chain).values(sequence=head.sequence, hash=head.hash)
    )
