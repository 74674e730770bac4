"""What people change about themselves: their password and their second step. The password is asked again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.control.commands.problems import CommandError, Trouble
from gateway.control.people.passwords import check_password, hash_password, is_password
from gateway.control.people.sessions import SignedIn, hash_secret
from gateway.control.people.signing_in import WRONG_CODE, audit_person, person_actor
from gateway.control.people.totp import matching_step, new_secret
from gateway.control.people.tries import Try, count_try, give_back, of_codes, of_passwords, too_many_tries
from gateway.record.engine import Record
from gateway.record.people import Person, find_person, update_person
from gateway.record.sessions import delete_devices, delete_sessions


async def change_password(
    record: Record, signed_in: SignedIn, *, current: str, wanted: str, device: str | None, now: int
) -> None:
    """Change it, and sign out everywhere else; `device` is this browser's. Raises CommandError."""
    person = signed_in.person
    check_password(wanted, email=person.email)
    await _check_current(record, signed_in, current, now)
    password_hash = await hash_password(wanted)
    async with _person(record, person.id) as (transaction, known):
        _check_unchanged(known, person)
        await update_person(transaction, replace(known, password_hash=password_hash))
        await delete_sessions(transaction, person.id, but=signed_in.session_hash)
        await delete_devices(transaction, person.id, but=hash_secret(device))
        await audit_person(transaction, person, "person.password", actor=person_actor(person), now=now)


async def begin_totp(record: Record, signed_in: SignedIn, *, current: str, code: str, now: int) -> str:
    """Make a secret for an authenticator app and return it, this once. Raises CommandError.

    The one that is in force stays so until `confirm_totp`, and its `code` is needed: with the password alone
    nobody puts another telephone in its place.
    """
    await _check_current(record, signed_in, current, now)
    secret = new_secret()
    async with _person(record, signed_in.person.id) as (transaction, known):
        _check_unchanged(known, signed_in.person)
        taken = await _take_code(transaction, signed_in, known, code, now)
        if isinstance(taken, Person):
            await update_person(transaction, replace(taken, totp_waiting=secret))
    if isinstance(taken, CommandError):
        raise taken
    return secret


async def confirm_totp(record: Record, signed_in: SignedIn, code: str, *, now: int) -> None:
    """Put the waiting secret in force by its first code; sign out everywhere else. Raises CommandError."""
    async with _person(record, signed_in.person.id) as (transaction, known):
        if known.totp_waiting is None:
            raise CommandError("Begin again: no code is waited for.", trouble=Trouble.GONE)
        begun = replace(known, totp_secret=known.totp_waiting, totp_waiting=None, totp_step=0)
        taken = await _take_code(transaction, signed_in, begun, code, now)
        if isinstance(taken, Person):
            await update_person(transaction, taken)
            await delete_sessions(transaction, known.id, but=signed_in.session_hash)
            await audit_person(transaction, known, "person.totp-on", actor=person_actor(known), now=now)
    if isinstance(taken, CommandError):
        raise taken


async def end_totp(record: Record, signed_in: SignedIn, *, current: str, code: str, now: int) -> None:
    """Ask for no codes any more; a last one is needed. Raises CommandError."""
    await _check_current(record, signed_in, current, now)
    async with _person(record, signed_in.person.id) as (transaction, known):
        _check_unchanged(known, signed_in.person)
        taken = await _take_code(transaction, signed_in, known, code, now)
        if isinstance(taken, Person):
            await update_person(transaction, replace(taken, totp_secret=None, totp_waiting=None))
            await audit_person(transaction, known, "person.totp-off", actor=person_actor(known), now=now)
    if isinstance(taken, CommandError):
        raise taken


async def sign_out_everywhere(record: Record, signed_in: SignedIn, *, device: str | None, now: int) -> None:
    """End every other session, and know no other browser than this one any more."""
    async with _person(record, signed_in.person.id) as (transaction, known):
        await delete_sessions(transaction, known.id, but=signed_in.session_hash)
        await delete_devices(transaction, known.id, but=hash_secret(device))
        await audit_person(transaction, known, "person.sign-out-all", actor=person_actor(known), now=now)


async def _check_current(record: Record, signed_in: SignedIn, typed: str, now: int) -> None:
    """Raise CommandError unless it is the password: somebody may have left the browser open."""
    async with record.write() as transaction:
        tried = await count_try(transaction, of_passwords(signed_in.session_hash), now=now)
    if tried is not Try.TAKEN:
        raise too_many_tries()
    if not await is_password(typed, stored=signed_in.person.password_hash):
        raise CommandError("is not right", "/current")


def _check_unchanged(known: Person, person: Person) -> None:
    """Raise CommandError where it is another password by now than the one that was looked at."""
    if known.password_hash != person.password_hash:
        raise CommandError("The password was changed meanwhile. Sign in again.", trouble=Trouble.CONFLICT)


async def _take_code(
    transaction: AsyncConnection, signed_in: SignedIn, person: Person, code: str, now: int
) -> Person | CommandError:
    """The person with the code used up, itself without a second step; or what is wrong with the code.

    A problem is returned: raised here, it would take the count of the try back.
    """
    if person.totp_secret is None:
        return person
    counted = of_codes(signed_in.session_hash, person.id, is_known=True)
    if await count_try(transaction, counted, now=now) is not Try.TAKEN:
        return too_many_tries()
    step = matching_step(code, secret=person.totp_secret, after=person.totp_step, now=now)
    if step is None:
        return CommandError(WRONG_CODE, "/code")
    await give_back(transaction, counted)
    return replace(person, totp_step=step)


@asynccontextmanager
async def _person(record: Record, person_id: int) -> AsyncIterator[tuple[AsyncConnection, Person]]:
    async with record.write() as transaction:
        person = await find_person(transaction, person_id)
        if person is None:
            raise CommandError("Sign in again.", trouble=Trouble.GONE)
        yield transaction, person
