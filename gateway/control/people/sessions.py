"""Whose a session cookie is, and until when: looked up for each request, so that ending one holds at once."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.record.engine import Record
from gateway.record.people import Person
from gateway.record.sessions import Session, find_session, insert_session, note_seen

IDLE_SECONDS: Final = 3_600
LONGEST_SECONDS: Final = 12 * 3_600
"""A working day: then the password is asked again, whatever happened in between."""
CODE_SECONDS: Final = 300
"""Between the password and the code."""
_SEEN_EVERY_SECONDS: Final = 60
"""So that looking at pages writes next to nothing."""
_SECRET_BYTES: Final = 32
_SECRET: Final = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Somebody at a browser."""

    person: Person
    session_hash: str = field(repr=False)
    waits_for_code: bool
    """The password was right and the code is still to come: this opens nothing yet."""


def new_secret() -> str:
    """What a cookie says: 256 random bits."""
    return base64.urlsafe_b64encode(secrets.token_bytes(_SECRET_BYTES)).decode("ascii").rstrip("=")


def hash_secret(secret: str | None) -> str | None:
    """What is stored of it (hex); None for what cannot be one."""
    if secret is None or _SECRET.fullmatch(secret) is None:
        return None
    return hashlib.sha256(secret.encode("ascii")).hexdigest()


async def begin_session(
    transaction: AsyncConnection, person: Person, *, waits_for_code: bool, now: int
) -> str:
    """Add a session and return what its cookie says."""
    secret = new_secret()
    session_hash = hash_secret(secret)
    if session_hash is None:
        raise AssertionError("new_secret and hash_secret disagree on what a secret is")
    ends_at = now + (CODE_SECONDS if waits_for_code else LONGEST_SECONDS)
    await insert_session(
        transaction,
        session_hash=session_hash,
        person_id=person.id,
        waits_for_code=waits_for_code,
        now=now,
        ends_at=ends_at,
    )
    return secret


async def who_is_signed_in(record: Record, secret: str | None, *, now: int) -> SignedIn | None:
    """Return who is at the browser that sent this cookie; None for nobody. Raises RecordError."""
    session_hash = hash_secret(secret)
    if session_hash is None:
        return None
    async with record.read() as transaction:
        found = await find_session(transaction, session_hash)
    if found is None or not is_in_force(found[0], now):
        return None
    session, person = found
    if now - session.seen_at >= _SEEN_EVERY_SECONDS:
        async with record.write() as transaction:
            await note_seen(transaction, session_hash, now=now)
    return SignedIn(person, session_hash, session.waits_for_code)


def is_in_force(session: Session, now: int) -> bool:
    """Whether a session counts at this time; both ends are looked at, as clocks go back too."""
    return session.created_at <= now < session.ends_at and now - session.seen_at < IDLE_SECONDS
