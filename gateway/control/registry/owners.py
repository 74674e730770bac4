"""Owners and their tokens: made, shown, exported, erased."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.control.commands.problems import CommandError, Trouble
from gateway.control.commands.tokens import CreatedToken, TokenRequest, create_token, revoke_in
from gateway.control.registry.steps import audit_owner, make_way, take_step
from gateway.facts.tokens import Scope
from gateway.numbers.canonical import to_e164
from gateway.record import disputes
from gateway.record.audit import audit_of
from gateway.record.engine import Record
from gateway.record.notices import forget_notices, read_notices
from gateway.record.owners import Owner, erase_owner, find_owner, insert_owner, read_owners
from gateway.record.people import delete_person, people_of_owner
from gateway.record.proofs import forget_statements, proofs_of
from gateway.record.registrations import (
    count_registrations,
    forget_brands,
    read_events,
    read_registrations,
)
from gateway.record.tokens import tokens_of_owner
from gateway.record.use import read_calls
from gateway.registry.policy import RegistryPolicy
from gateway.registry.registration import Registration
from gateway.registry.review import Review
from gateway.registry.states import LIVE, State, Step

_LONGEST_NAME: Final = 120
_LONGEST_CONTACT: Final = 254
_TOKEN_MARK_BYTES: Final = 4
_PAGE: Final = 500


@dataclass(frozen=True, slots=True)
class OwnerWithCounts:
    """An owner, and how many registrations it has in each state."""

    owner: Owner
    registrations: dict[State, int]


async def make_owner(record: Record, *, name: str, contact: str, actor: str, now: int) -> Owner:
    """Make an owner. Raises CommandError."""
    async with record.write() as transaction:
        return await add_owner(transaction, name=name, contact=contact, actor=actor, now=now)


async def add_owner(transaction: AsyncConnection, *, name: str, contact: str, actor: str, now: int) -> Owner:
    """Make an owner in the transaction of something greater. Raises CommandError."""
    name = check_name(name)
    contact = _check_text(contact, "/contact", _LONGEST_CONTACT)
    owner = await insert_owner(transaction, name=name, contact=contact, created_at=now, created_by=actor)
    # No name: it can be taken out of the owner's row, and out of the audit nothing can.
    await audit_owner(transaction, owner.id, action="owner.create", actor=actor, now=now, detail={})
    return owner


async def show_owner(record: Record, owner_id: int) -> OwnerWithCounts:
    """Return an owner. Raises CommandError."""
    async with record.read() as transaction:
        owner = await _find(transaction, owner_id)
        return OwnerWithCounts(owner, await count_registrations(transaction, owner_id=owner_id))


async def list_owners(record: Record, *, after_id: int = 0, limit: int = 100) -> tuple[Owner, ...]:
    """Return a page of owners, oldest first."""
    async with record.read() as transaction:
        return await read_owners(transaction, after_id=after_id, limit=limit)


async def make_owner_token(record: Record, owner_id: int, *, actor: str, now: int) -> CreatedToken:
    """Make a token that opens one owner's numbers. Raises CommandError."""
    async with record.read() as transaction:
        await _find(transaction, owner_id)
    name = f"owner-{owner_id}-{secrets.token_hex(_TOKEN_MARK_BYTES)}"
    request = TokenRequest(name=name, scopes=(Scope.OWNER,), owner_id=owner_id)
    return await create_token(record, request, actor=actor, now=now)


async def export_owner(record: Record, owner_id: int) -> AsyncIterator[dict[str, object]]:
    """Yield everything that is kept of an owner, piece by piece. Raises CommandError before the first."""
    async with record.read() as transaction:
        yield {"owner": asdict(await _find(transaction, owner_id))}
        after = 0
        while page := await read_registrations(transaction, owner_id=owner_id, after_id=after, limit=_PAGE):
            for each in page:
                yield {"registration": await _registration(transaction, each)}
            after = page[-1].id
        for dispute in await disputes.read_disputes(transaction, owner_id=owner_id, limit=10_000):
            yield {"dispute": asdict(dispute)}
        for person in await people_of_owner(transaction, owner_id):
            yield {"person": {"id": person.id, "email": person.email, "created_at": person.created_at}}
        for notice in await read_notices(transaction, owner_id=owner_id, limit=10_000):
            yield {"notice": asdict(notice)}
        async for row in audit_of(transaction, f"owner:{owner_id}"):
            yield {"audit": row}


async def _registration(transaction: AsyncConnection, each: Registration) -> dict[str, object]:
    """A registration with its history, its proofs (nothing that opens a door) and how it was used."""
    return {
        "id": each.id,
        "start": to_e164(each.numbers.start),
        "count": each.numbers.count,
        "use": each.use,
        "trunks": sorted(each.trunks),
        "providers": sorted(each.providers),
        "brand": None if each.brand is None else asdict(each.brand),
        "state": each.state,
        "until": each.until,
        "events": [asdict(event) for event in await read_events(transaction, each.id)],
        "proofs": [
            {
                "id": proof.id,
                "kind": proof.kind,
                "state": proof.state,
                "created_at": proof.created_at,
                "created_by": proof.created_by,
                "since": proof.since,
                "until": proof.until,
                "call": proof.destination,
                "statement": proof.statement,
            }
            for proof in await proofs_of(transaction, each.id)
        ],
        "calls": [
            {"day": of.day, "path": of.path, "whose": of.whose, "outcome": of.outcome, "calls": calls}
            for of, calls in await read_calls(transaction, each.id, since="")
        ],
    }


async def erase(record: Record, owner_id: int, *, policy: RegistryPolicy, actor: str, now: int) -> None:
    """Withdraw everything, take the personal data out and end every access. Raises CommandError.

    The audit keeps which numbers an owner without a name had: who changed what calls were told must stay
    provable.
    """
    async with record.write() as transaction:
        await _find(transaction, owner_id)
        why = Review(Step.WITHDRAW, "its owner was erased")
        after = 0
        while page := await read_registrations(transaction, owner_id=owner_id, after_id=after, limit=_PAGE):
            for each in page:
                if each.state in LIVE:
                    gone = await take_step(transaction, each, Step.WITHDRAW, actor=actor, now=now, result=why)
                    await make_way(transaction, gone, policy=policy, now=now)
            after = page[-1].id
        for token in await tokens_of_owner(transaction, owner_id):
            await revoke_in(transaction, token, actor=actor, now=now)
        for person in await people_of_owner(transaction, owner_id):
            await delete_person(transaction, person.id)
        await forget_brands(transaction, owner_id=owner_id)
        await forget_statements(transaction, owner_id=owner_id, now=now)
        await disputes.forget_statements(transaction, owner_id=owner_id)
        await forget_notices(transaction, owner_id=owner_id)
        await erase_owner(transaction, owner_id, now=now)
        await audit_owner(transaction, owner_id, action="owner.erase", actor=actor, now=now, detail={})


async def _find(transaction: AsyncConnection, owner_id: int) -> Owner:
    owner = await find_owner(transaction, owner_id)
    if owner is None:
        raise CommandError(f"there is no owner {owner_id}", trouble=Trouble.MISSING)
    return owner


def check_name(name: str) -> str:
    """Return an owner's name without outer blanks. Raises CommandError."""
    return _check_text(name, "/name", _LONGEST_NAME)


def _check_text(text: str, pointer: str, longest: int) -> str:
    text = text.strip()
    if not 0 < len(text) <= longest or not text.isprintable():
        raise CommandError(f"is 1 to {longest} printable characters", pointer)
    return text
