"""Who leads: one row, held for some seconds by one control process of those that share the record.

All times are the database's, so that a node whose clock is wrong neither keeps a lease too long nor takes
one too soon. Each change of hands raises the term, and what a leader writes is fenced by it
(`LeadersRecord`): one that was held up and no longer leads finds another term, and writes nothing.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, insert, literal_column, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.record.database import RecordError
from gateway.record.engine import Record
from gateway.record.schema import leases

LEADER: Final = "leader"
LEASE_SECONDS: Final = 6.0
"""A leader that ends without a word is followed after this and one beat of the others."""


class LeaseLostError(RecordError):
    """Another process leads now: what was to be written is left to it."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The row as it stands."""

    holder: str
    term: int
    left_seconds: float
    """By the database's clock; not above zero: it is anybody's."""


async def database_time(transaction: AsyncConnection) -> float:
    """Return the database's own epoch seconds, of this statement and not of the transaction's begin."""
    is_postgresql = transaction.dialect.name == "postgresql"
    now: ColumnElement[float] = literal_column(
        "extract(epoch from clock_timestamp())"
        if is_postgresql
        else "(julianday('now') - 2440587.5) * 86400.0"
    )
    return float((await transaction.execute(select(now))).scalar_one())


async def take_lease(transaction: AsyncConnection, *, holder: str, name: str = LEADER) -> Lease:
    """Take or renew the lease where it is free or `holder`'s; return it as it stands then.

    In a writing transaction: writers take turns, so that two cannot both find it free.
    """
    now = await database_time(transaction)
    row = (await transaction.execute(select(leases).where(leases.c.name == name))).one_or_none()
    if row is None:
        await transaction.execute(
            insert(leases).values(name=name, holder=holder, term=1, ends_at=now + LEASE_SECONDS)
        )
        return Lease(holder, 1, LEASE_SECONDS)
    if row.holder != holder and row.ends_at > now:
        return Lease(row.holder, row.term, row.ends_at - now)
    # Its own lease that had run out may have been led by nobody, but never by another: the term tells.
    term = row.term if row.holder == holder else row.term + 1
    await transaction.execute(
        update(leases)
        .where(leases.c.name == name)
        .values(holder=holder, term=term, ends_at=now + LEASE_SECONDS)
    )
    return Lease(holder, term, LEASE_SECONDS)


async def release_lease(transaction: AsyncConnection, lease: Lease, *, name: str = LEADER) -> None:
    """Let another take it at once; nothing where it is no longer this one."""
    now = await database_time(transaction)
    await transaction.execute(
        update(leases)
        .where(leases.c.name == name, leases.c.holder == lease.holder, leases.c.term == lease.term)
        .values(ends_at=now)
    )


async def check_lease(transaction: AsyncConnection, lease: Lease, *, name: str = LEADER) -> None:
    """Raise LeaseLostError where another holds it by now."""
    row = (await transaction.execute(select(leases).where(leases.c.name == name))).one_or_none()
    if row is None or (row.holder, row.term) != (lease.holder, lease.term):
        raise LeaseLostError("another control process leads now")


class LeadersRecord(Record):
    """The record for leader's work: nothing is written but under the term it was begun in."""

    def __init__(self, record: Record, lease: Lease) -> None:
        self._record = record
        self._lease = lease

    @property
    def is_shared(self) -> bool:
        """As the record."""
        return self._record.is_shared

    @property
    def where(self) -> str:
        """As the record."""
        return self._record.where

    async def close(self) -> None:
        """Nothing: the record is whose it was."""

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """As the record; LeaseLostError where another leads."""
        async with self._record.write() as transaction:
            await check_lease(transaction, self._lease)
            yield transaction

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """As the record."""
        async with self._record.read() as transaction:
            yield transaction
