"""Signing in: the password, then the code where the person has set one up, then a session.

A wrong password, an unknown address and a person without a password get the same answer after the same work.
The session cookie changes at each step, so that one that was planted before is worth nothing after.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.control.commands.problems import CommandError, Trouble
from gateway.control.people.passwords import is_password
from gateway.control.people.sessions import SignedIn, begin_session, hash_secret, new_secret
from gateway.control.people.totp import matching_step
from gateway.control.people.tries import (
    Try,
    by_address,
    by_device,
    count_try,
    give_back,
    of_codes,
    too_many_tries,
)
from gateway.record.audit import append_audit
from gateway.record.engine import Record
from gateway.record.people import Person, find_person, update_person
from gateway.record.sessions import delete_session, find_session, is_device_of, note_device

WRONG: Final = "The e-mail address or the password is not right."
WRONG_CODE: Final = "This code is not right, or was used already. Wait for the next one in your app."


@dataclass(frozen=True, slots=True)
class Entered:
    """A browser that is let in: what its cookies say from now on."""

    person: Person
    session: str = field(repr=False)
    device: str | None = field(repr=False)
    """None while the code is still to come: the browser keeps what it has."""

    @property
    def waits_for_code(self) -> bool:
        """Whether a code is asked for next."""
        return self.device is None


async def sign_in(
    record: Record,
    email: str,
    password: str,
    *,
    address: str | None,
    device: str | None,
    session: str | None,
    now: int,
) -> Entered:
    """Take e-mail and password, and end the session that the browser had before. Raises CommandError."""
    email = email.strip().lower()
    async with record.write() as transaction:
        person = await find_person(transaction, email)
        device_hash = await _known_device(transaction, person, device)
        counted = by_address(email, address) if device_hash is None else by_device(device_hash)
        tried = await count_try(transaction, counted, now=now)
        if tried is Try.FIRST_REFUSED and person is not None:
            await audit_person(transaction, person, "person.refuse", actor=person_actor(person), now=now)
    if tried is not Try.TAKEN:
        raise too_many_tries()
    if (
        not await is_password(password, stored=None if person is None else person.password_hash)
        or person is None
    ):
        raise CommandError(WRONG, "/password")
    async with record.write() as transaction:
        # Whoever was removed, or got another password, while this one was looked at.
        now_known = await find_person(transaction, person.id)
        if now_known is None or now_known.password_hash != person.password_hash:
            raise CommandError(WRONG, "/password")
        await give_back(transaction, counted)
        earlier = hash_secret(session)
        if earlier is not None:
            await delete_session(transaction, earlier)
        if now_known.totp_secret is not None:
            session = await begin_session(transaction, now_known, waits_for_code=True, now=now)
            return Entered(now_known, session, None)
        return await _enter(transaction, now_known, device if device_hash else None, now)


async def give_code(
    record: Record, signed_in: SignedIn, code: str, *, device: str | None, now: int
) -> Entered:
    """Take the code after the password. Raises CommandError; GONE where the password is to be given again."""
    problem = CommandError(WRONG_CODE, "/code")
    async with record.write() as transaction:
        # Again: another request may have used the session up, or ended it, since this one came in.
        waiting = await find_session(transaction, signed_in.session_hash)
        person = None if waiting is None or not waiting[0].waits_for_code else waiting[1]
        if person is None or person.totp_secret is None:
            raise CommandError("Sign in again.", trouble=Trouble.GONE)
        device_hash = await _known_device(transaction, person, device)
        counted = of_codes(signed_in.session_hash, person.id, is_known=device_hash is not None)
        tried = await count_try(transaction, counted, now=now)
        if tried is Try.TAKEN:
            step = matching_step(code, secret=person.totp_secret, after=person.totp_step, now=now)
            if step is not None:
                person = replace(person, totp_step=step)
                await update_person(transaction, person)
                await give_back(transaction, counted)
                await delete_session(transaction, signed_in.session_hash)
                return await _enter(transaction, person, device if device_hash else None, now)
        else:
            await delete_session(transaction, signed_in.session_hash)
            if tried is Try.FIRST_REFUSED:
                await audit_person(transaction, person, "person.refuse", actor=person_actor(person), now=now)
            problem = CommandError("Too many wrong codes. Sign in again.", trouble=Trouble.GONE)
    raise problem


async def sign_out(record: Record, signed_in: SignedIn) -> None:
    """End this browser's session."""
    async with record.write() as transaction:
        await delete_session(transaction, signed_in.session_hash)


async def _enter(transaction: AsyncConnection, person: Person, device: str | None, now: int) -> Entered:
    device = device or new_secret()
    device_hash = hash_secret(device)
    if device_hash is None:
        raise AssertionError("new_secret and hash_secret disagree on what a secret is")
    await note_device(transaction, device_hash, person_id=person.id, now=now)
    session = await begin_session(transaction, person, waits_for_code=False, now=now)
    await audit_person(transaction, person, "person.sign-in", actor=person_actor(person), now=now)
    return Entered(person, session, device)


async def _known_device(
    transaction: AsyncConnection, person: Person | None, device: str | None
) -> str | None:
    """The hash of the device cookie, if the person has signed in with it before."""
    device_hash = hash_secret(device)
    if device_hash is None or person is None:
        return None
    is_known = await is_device_of(transaction, device_hash, person_id=person.id)
    return device_hash if is_known else None


def person_actor(person: Person) -> str:
    """What the audit calls a person: no address, which is personal data that nothing takes out again."""
    return f"person:{person.id}"


async def audit_person(
    transaction: AsyncConnection, person: Person, action: str, *, actor: str, now: int, **detail: object
) -> None:
    """Add an audit row about a person; an owner sees those about its own."""
    subject = f"person:{person.id}" if person.owner_id is None else f"owner:{person.owner_id}"
    await append_audit(
        transaction,
        at=now,
        actor=actor,
        action=action,
        subject=subject,
        detail={"person": person.id, **detail},
    )
