"""People made, listed, removed and reset by operators; owners' own sign-up."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.control.commands.problems import CommandError, Trouble
from gateway.control.people.passwords import check_password, hash_password, made_password
from gateway.control.people.signing_in import audit_person
from gateway.control.people.tries import Try, count_try, of_sign_ups, too_many_tries
from gateway.control.registry.owners import add_owner
from gateway.facts.tokens import Scope
from gateway.record.engine import Record
from gateway.record.owners import find_owner
from gateway.record.people import (
    Person,
    delete_person,
    find_person,
    insert_person,
    read_people,
    update_person,
)
from gateway.record.sessions import delete_devices, delete_sessions

ROLES: Final = (Scope.OPERATOR, Scope.AUDITOR, Scope.OWNER)
_EMAIL: Final = re.compile(r"[!-?A-~]{1,64}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})*")
_LONGEST_EMAIL: Final = 254
TAKEN: Final = "belongs to somebody who can sign in already"
_SIGN_UP: Final = "sign-up"


@dataclass(frozen=True, slots=True)
class NewPassword:
    """Somebody with a password made for it: the only place where it is in clear."""

    person: Person
    password: str = field(repr=False)


def check_email(email: str) -> str:
    """Return the address in lower case. Raises CommandError."""
    email = email.strip().lower()
    if len(email) > _LONGEST_EMAIL or _EMAIL.fullmatch(email) is None:
        raise CommandError("is an e-mail address, such as name@example.org", "/email")
    return email


async def create_person(
    record: Record, *, email: str, role: str, owner_id: int | None, actor: str, now: int
) -> NewPassword:
    """Make somebody who can sign in, with a password made for it. Raises CommandError."""
    email = check_email(email)
    if role not in ROLES:
        raise CommandError(f"is one of {', '.join(sorted(ROLES))}", "/role")
    if (role == Scope.OWNER) != (owner_id is not None):
        raise CommandError("goes with the role owner, and the role owner with it", "/owner")
    password = made_password()
    password_hash = await hash_password(password)
    async with record.write() as transaction:
        if owner_id is not None and await find_owner(transaction, owner_id) is None:
            raise CommandError("there is no such owner", "/owner")
        person = await _add(
            transaction,
            email=email,
            role=role,
            owner_id=owner_id,
            password_hash=password_hash,
            actor=actor,
            now=now,
        )
    return NewPassword(person, password)


async def sign_up(
    record: Record, *, organisation: str, email: str, password: str, address: str | None, now: int
) -> Person:
    """Make an owner and the person who looks after its numbers. Raises CommandError.

    An owner is words, as a claim is: it has no effect on any call before something is proven.
    """
    email = check_email(email)
    check_password(password, email=email)
    async with record.write() as transaction:
        tried = await count_try(transaction, of_sign_ups(address), now=now)
    if tried is not Try.TAKEN:
        raise too_many_tries()
    password_hash = await hash_password(password)
    async with record.write() as transaction:
        owner = await add_owner(transaction, name=organisation, contact=email, actor=_SIGN_UP, now=now)
        return await _add(
            transaction,
            email=email,
            role=Scope.OWNER,
            owner_id=owner.id,
            password_hash=password_hash,
            actor=_SIGN_UP,
            now=now,
        )


async def find_by_email(record: Record, email: str) -> Person | None:
    """Return who signs in with that address."""
    async with record.read() as transaction:
        return await find_person(transaction, email)


async def list_people(record: Record, *, after_id: int = 0, limit: int = 100) -> tuple[Person, ...]:
    """Return a page of people, oldest first."""
    async with record.read() as transaction:
        return await read_people(transaction, after_id=after_id, limit=limit)


async def remove_person(record: Record, id_or_email: int | str, *, actor: str, now: int) -> Person:
    """Remove somebody, signed in or not, and return it as it was. Raises CommandError."""
    async with record.write() as transaction:
        person = await _find(transaction, id_or_email)
        await delete_person(transaction, person.id)
        await audit_person(transaction, person, "person.remove", actor=actor, now=now)
    return person


async def reset_person(record: Record, id_or_email: int | str, *, actor: str, now: int) -> NewPassword:
    """Give a new password, take the second step away, and end every session. Raises CommandError."""
    password = made_password()
    password_hash = await hash_password(password)
    async with record.write() as transaction:
        person = await _find(transaction, id_or_email)
        person = replace(person, password_hash=password_hash, totp_secret=None, totp_waiting=None)
        await update_person(transaction, person)
        await delete_sessions(transaction, person.id)
        await delete_devices(transaction, person.id)
        await audit_person(transaction, person, "person.reset", actor=actor, now=now)
    return NewPassword(person, password)


async def _find(transaction: AsyncConnection, id_or_email: int | str) -> Person:
    key = id_or_email if isinstance(id_or_email, int) else id_or_email.strip().lower()
    person = await find_person(transaction, key)
    if person is None:
        raise CommandError(
            "there is no such person; `callmark person list` shows them", trouble=Trouble.MISSING
        )
    return person


async def _add(
    transaction: AsyncConnection,
    *,
    email: str,
    role: str,
    owner_id: int | None,
    password_hash: str,
    actor: str,
    now: int,
) -> Person:
    if await find_person(transaction, email) is not None:
        raise CommandError(TAKEN, "/email", trouble=Trouble.CONFLICT)
    person = await insert_person(
        transaction,
        email=email,
        role=role,
        owner_id=owner_id,
        password_hash=password_hash,
        created_at=now,
        created_by=actor,
    )
    await audit_person(transaction, person, "person.create", actor=actor, now=now, role=role)
    return person
