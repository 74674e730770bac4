"""Where people are signed in, and the devices they are known by: hashes, never what a cookie says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.record.people import Person, read_person
from gateway.record.people_tables import devices, people, sessions

MOST_DEVICES: Final = 20
"""That a person is known by; the one not seen for longest goes first."""


@dataclass(frozen=True, slots=True)
class Session:
    """A session as recorded; times are epoch seconds. `ends_at` is the end whatever happens."""

    hash: str
    waits_for_code: bool
    created_at: int
    seen_at: int
    ends_at: int


async def insert_session(
    transaction: AsyncConnection,
    *,
    session_hash: str,
    person_id: int,
    waits_for_code: bool,
    now: int,
    ends_at: int,
) -> None:
    """Add a session, and forget all that have ended."""
    await transaction.execute(delete(sessions).where(sessions.c.ends_at <= now))
    values = {"hash": session_hash, "person_id": person_id, "waits_for_code": waits_for_code}
    times = {"created_at": now, "seen_at": now, "ends_at": ends_at}
    await transaction.execute(insert(sessions).values(values | times))


async def find_session(transaction: AsyncConnection, session_hash: str) -> tuple[Session, Person] | None:
    """Return the session of that hash and whose it is, ended or not; None where there is none."""
    query = (
        select(
            people,
            sessions.c.waits_for_code,
            sessions.c.created_at.label("session_created_at"),
            sessions.c.seen_at,
            sessions.c.ends_at,
        )
        .join(sessions, sessions.c.person_id == people.c.id)
        .where(sessions.c.hash == session_hash)
    )
    row = (await transaction.execute(query)).one_or_none()
    if row is None:
        return None
    session = Session(session_hash, row.waits_for_code, row.session_created_at, row.seen_at, row.ends_at)
    return session, read_person(row)


async def note_seen(transaction: AsyncConnection, session_hash: str, *, now: int) -> None:
    """Remember that the session was used."""
    await transaction.execute(update(sessions).where(sessions.c.hash == session_hash).values(seen_at=now))


async def delete_session(transaction: AsyncConnection, session_hash: str) -> None:
    """End one session."""
    await transaction.execute(delete(sessions).where(sessions.c.hash == session_hash))


async def delete_sessions(transaction: AsyncConnection, person_id: int, *, but: str | None = None) -> None:
    """End a person's sessions, all or all `but` the one of that hash."""
    query = delete(sessions).where(sessions.c.person_id == person_id)
    await transaction.execute(query if but is None else query.where(sessions.c.hash != but))


async def note_device(transaction: AsyncConnection, device_hash: str, *, person_id: int, now: int) -> None:
    """Know the person by this device from now on."""
    await transaction.execute(delete(devices).where(devices.c.hash == device_hash))
    values = {"hash": device_hash, "person_id": person_id, "seen_at": now}
    await transaction.execute(insert(devices).values(values))
    kept = (
        select(devices.c.hash)
        .where(devices.c.person_id == person_id)
        .order_by(devices.c.seen_at.desc())
        .limit(MOST_DEVICES)
    )
    oldest = delete(devices).where(devices.c.person_id == person_id, devices.c.hash.not_in(kept))
    await transaction.execute(oldest)


async def delete_devices(transaction: AsyncConnection, person_id: int, *, but: str | None = None) -> None:
    """Know the person by no device any more, or by none but the one of that hash."""
    query = delete(devices).where(devices.c.person_id == person_id)
    await transaction.execute(query if but is None else query.where(devices.c.hash != but))


async def is_device_of(transaction: AsyncConnection, device_hash: str, *, person_id: int) -> bool:
    """Whether the person has signed in to the end with this device before."""
    query = select(devices.c.hash).where(devices.c.hash == device_hash, devices.c.person_id == person_id)
    return (await transaction.execute(query)).one_or_none() is not None
