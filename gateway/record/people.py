"""People: who may sign in, and as what. What a good password or a right code is, is decided elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.record.people_tables import devices, people, sessions


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A person as recorded; times are epoch seconds."""

    id: int
    email: str
    role: str
    """The scope of tokens that a signed-in person has as well: owner, operator or auditor."""
    owner_id: int | None
    password_hash: str = field(repr=False)
    totp_secret: str | None = field(repr=False)
    """Base32, once a first code has shown that its owner has it."""
    totp_waiting: str | None = field(repr=False)
    totp_step: int
    """The time step (RFC 6238) of the last code that was taken."""
    created_at: int
    created_by: str


async def insert_person(
    transaction: AsyncConnection,
    *,
    email: str,
    role: str,
    owner_id: int | None,
    password_hash: str,
    created_at: int,
    created_by: str,
) -> Person:
    """Add a person. Raises IntegrityError when somebody has that address."""
    values = {
        "email": email,
        "role": role,
        "owner_id": owner_id,
        "password_hash": password_hash,
        "totp_step": 0,
        "created_at": created_at,
        "created_by": created_by,
    }
    return read_person((await transaction.execute(insert(people).values(values).returning(people))).one())


async def find_person(transaction: AsyncConnection, id_or_email: int | str) -> Person | None:
    """Return the person of that id, or that address in lower case; None where there is none."""
    column = people.c.id if isinstance(id_or_email, int) else people.c.email
    row = (await transaction.execute(select(people).where(column == id_or_email))).one_or_none()
    return None if row is None else read_person(row)


async def read_people(
    transaction: AsyncConnection, *, after_id: int = 0, limit: int = 100
) -> tuple[Person, ...]:
    """Return a page of people, oldest first."""
    query = select(people).where(people.c.id > after_id).order_by(people.c.id).limit(limit)
    return tuple(read_person(row) for row in await transaction.execute(query))


async def addresses_of(
    transaction: AsyncConnection, ids: Iterable[int], *, staff_only: bool
) -> Mapping[int, str]:
    """Return the addresses of the people of these ids; nothing of those who were removed."""
    query = select(people.c.id, people.c.email).where(people.c.id.in_(sorted(ids)))
    if staff_only:
        query = query.where(people.c.owner_id.is_(None))
    return {row.id: row.email for row in await transaction.execute(query)}


async def people_of_owner(transaction: AsyncConnection, owner_id: int) -> tuple[Person, ...]:
    """Return everybody who looks after an owner's numbers."""
    query = select(people).where(people.c.owner_id == owner_id).order_by(people.c.id)
    return tuple(read_person(row) for row in await transaction.execute(query))


async def update_person(transaction: AsyncConnection, person: Person) -> None:
    """Write what may change of a person: the password and the second step."""
    await transaction.execute(
        update(people)
        .where(people.c.id == person.id)
        .values(
            password_hash=person.password_hash,
            totp_secret=person.totp_secret,
            totp_waiting=person.totp_waiting,
            totp_step=person.totp_step,
        )
    )


async def delete_person(transaction: AsyncConnection, person_id: int) -> None:
    """Remove a person, its sessions and its devices."""
    for table in (sessions, devices):
        await transaction.execute(delete(table).where(table.c.person_id == person_id))
    await transaction.execute(delete(people).where(people.c.id == person_id))


def read_person(row: Row[*tuple[object, ...]]) -> Person:
    """Read a row that has the columns of `people`."""
    return Person(
        id=row.id,
        email=row.email,
        role=row.role,
        owner_id=row.owner_id,
        password_hash=row.password_hash,
        totp_secret=row.totp_secret,
        totp_waiting=row.totp_waiting,
        totp_step=row.totp_step,
        created_at=row.created_at,
        created_by=row.created_by,
    )
