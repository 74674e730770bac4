"""Owners: who registers numbers. A name and a contact are personal data, and can be taken out again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.record.registry_tables import owners

_IDS_END: Final = 2**31
"""An id beyond is nobody's; PostgreSQL would refuse to look for it."""


@dataclass(frozen=True, slots=True)
class Owner:
    """An owner as recorded; times are epoch seconds."""

    id: int
    name: str
    contact: str
    created_at: int
    created_by: str
    erased_at: int | None


async def insert_owner(
    transaction: AsyncConnection, *, name: str, contact: str, created_at: int, created_by: str
) -> Owner:
    """Add an owner. Two may have one name: whose it is, proofs say."""
    values = {"name": name, "contact": contact, "created_at": created_at, "created_by": created_by}
    return _owner((await transaction.execute(insert(owners).values(values).returning(owners))).one())


async def find_owner(transaction: AsyncConnection, owner_id: int) -> Owner | None:
    """Return the owner of that id who was not erased, or None."""
    if not 0 < owner_id < _IDS_END:
        return None
    query = select(owners).where(owners.c.id == owner_id, owners.c.erased_at.is_(None))
    row = (await transaction.execute(query)).one_or_none()
    return None if row is None else _owner(row)


async def read_owners(
    transaction: AsyncConnection, *, after_id: int = 0, limit: int = 100
) -> tuple[Owner, ...]:
    """Return a page of the owners that were not erased, oldest first."""
    query = (
        select(owners)
        .where(owners.c.id > after_id, owners.c.erased_at.is_(None))
        .order_by(owners.c.id)
        .limit(limit)
    )
    return tuple(_owner(row) for row in await transaction.execute(query))


async def erase_owner(transaction: AsyncConnection, owner_id: int, *, now: int) -> None:
    """Take the personal data out; the row stays for the audit's sake."""
    await transaction.execute(
        update(owners).where(owners.c.id == owner_id).values(name="", contact="", erased_at=now)
    )


def _owner(row: Row[*tuple[object, ...]]) -> Owner:
    return Owner(
        id=row.id,
        name=row.name,
        contact=row.contact,
        created_at=row.created_at,
        created_by=row.created_by,
        erased_at=row.erased_at,
    )
