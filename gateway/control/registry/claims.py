"""Claiming numbers, changing what is said of them, withdrawing.

A claim is taken whoever's the numbers are, with the same answer: that tells a stranger nothing about whose
they are (threat N8). Only the holder is told.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.control.commands.problems import CommandError, Trouble
from gateway.control.registry.claim_check import Claim, check_claim, check_numbers, with_claim
from gateway.control.registry.limits import check_limit
from gateway.control.registry.steps import (
    audit_owner,
    make_way,
    named,
    numbers_detail,
    take_step,
    tell_holder,
)
from gateway.generation.numbers_read import written
from gateway.record.attempts import count_attempts, note_attempts
from gateway.record.engine import Record
from gateway.record.outbox import ChangeKind, announce_change
from gateway.record.registrations import (
    find_registrations,
    insert_registrations,
    overlapping,
    update_registration,
)
from gateway.registry.codes import Limit
from gateway.registry.policy import SECONDS_A_DAY, RegistryPolicy
from gateway.registry.registration import Registration
from gateway.registry.review import Review
from gateway.registry.states import IN_FORCE, LIVE, State, Step

CLAIMS_OF_AN_OWNER: Final = Limit(1_000)
"""By hand or by program, one at a time; a file of any length counts once."""
_MOST_TOLD: Final = 50


async def claim_numbers(
    record: Record,
    claims: Sequence[Claim],
    *,
    owner_id: int,
    trunks: Collection[str],
    actor: str,
    now: int,
) -> tuple[Registration, ...]:
    """Register all of them or none; `trunks` are those an owner may name.

    Raises CommandError with the place, `/0/numbers` for several, `/numbers` for one.
    """
    wanted = [
        check_claim(claim, _place(claims, index), owner_id=owner_id, trunks=trunks)
        for index, claim in enumerate(claims)
    ]
    async with record.write() as transaction:
        await check_limit(transaction, "claim", str(owner_id), CLAIMS_OF_AN_OWNER, now=now)
        for index, each in enumerate(wanted):
            await refuse_own_overlap(transaction, each, _place(claims, index))
        made = await add_claims(transaction, wanted, actor=actor, now=now)
        await note_attempts(transaction, [("claim", str(owner_id))], now=now)
        for each in made:
            await tell_holders(transaction, each, now=now)
    return made


def _place(claims: Sequence[Claim], index: int) -> str:
    return f"/{index}" if len(claims) > 1 else ""


async def add_claims(
    transaction: AsyncConnection, wanted: Sequence[Registration], *, actor: str, now: int
) -> tuple[Registration, ...]:
    """Add what was checked, with one audit row each."""
    ids = await insert_registrations(transaction, wanted, now=now)
    made = tuple(replace(each, id=new_id) for new_id, each in zip(ids, wanted, strict=True))
    for each in made:
        await audit_owner(
            transaction,
            each.owner_id,
            action="registration.claim",
            actor=actor,
            now=now,
            detail=named(each) | said_of(each),
        )
    return made


async def refuse_own_overlap(transaction: AsyncConnection, wanted: Registration, place: str) -> None:
    """Refuse what the owner has registered already, whole or in part. Raises CommandError."""
    for own in await overlapping(transaction, wanted.numbers, states=LIVE, owner_id=wanted.owner_id, limit=1):
        raise own_overlap(own, place)


def own_overlap(own: Registration, place: str) -> CommandError:
    """What is said of numbers that their owner has registered already."""
    return CommandError(
        f"you have {written(own.numbers)} registered already (number {own.id}): "
        "change that one, or withdraw it first",
        f"{place}/numbers",
        trouble=Trouble.CONFLICT,
    )


async def tell_holders(transaction: AsyncConnection, claim: Registration, *, now: int) -> None:
    """Tell those whose numbers in force these are, once a day for each stranger."""
    standing = await overlapping(transaction, claim.numbers, states=IN_FORCE, limit=_MOST_TOLD)
    for rival in standing:
        if rival.owner_id == claim.owner_id:
            continue
        subject = f"{rival.id}:{claim.owner_id}"
        if await count_attempts(transaction, "told", subject, since=now - SECONDS_A_DAY):
            continue
        await note_attempts(transaction, [("told", subject)], now=now)
        words = (
            f"Somebody else has claimed {written(claim.numbers)}. Nothing changes for you unless it is "
            "proven; if it is nobody you know, there is nothing you need to do."
        )
        detail = {"claimed": numbers_detail(claim.numbers)}
        await tell_holder(transaction, rival, words, action="registration.challenge", detail=detail, now=now)


async def change_registration(
    record: Record,
    registration_id: int,
    claim: Claim,
    *,
    owner_id: int | None,
    trunks: Collection[str],
    actor: str,
    now: int,
) -> Registration:
    """Say something else of the calls of numbers that stay the same. Raises CommandError."""
    async with record.write() as transaction:
        registration = await find_own(transaction, registration_id, owner_id=owner_id)
        if registration.state is State.WITHDRAWN:
            raise CommandError("it was withdrawn: claim it anew", trouble=Trouble.CONFLICT)
        if (
            check_numbers(claim.numbers, "/numbers") != registration.numbers
            or claim.use is not registration.use
        ):
            raise CommandError(
                "the numbers and their use stay as they were proven: claim others anew", "/numbers"
            )
        bare = replace(registration, trunks=frozenset(), providers=frozenset(), brand=None)
        changed = with_claim(bare, claim, "", trunks)
        await update_registration(transaction, changed, now=now)
        await audit_owner(
            transaction,
            changed.owner_id,
            action="registration.change",
            actor=actor,
            now=now,
            detail=named(changed) | said_of(changed),
        )
        if changed.state in IN_FORCE:
            await announce_change(transaction, ChangeKind.REGISTRATION, subject_id=changed.id, now=now)
    return changed


async def withdraw(
    record: Record,
    registration_id: int,
    *,
    owner_id: int | None,
    policy: RegistryPolicy,
    actor: str,
    now: int,
) -> Registration:
    """Give numbers up; whoever else has proven them may then have them. Raises CommandError."""
    async with record.write() as transaction:
        registration = await find_own(transaction, registration_id, owner_id=owner_id)
        why = Review(Step.WITHDRAW, "its owner gave it up")
        gone = await take_step(transaction, registration, Step.WITHDRAW, actor=actor, now=now, result=why)
        await make_way(transaction, gone, policy=policy, now=now)
    return gone


async def find_own(
    transaction: AsyncConnection, registration_id: int, *, owner_id: int | None
) -> Registration:
    """The registration, if it is there and may be seen. Raises CommandError, the same for both."""
    found = await find_registrations(transaction, [registration_id], owner_id=owner_id)
    if registration_id not in found:
        raise CommandError(f"there is no registration {registration_id}", trouble=Trouble.MISSING)
    return found[registration_id]


def said_of(registration: Registration) -> dict[str, object]:
    """What is said of the numbers, for the audit."""
    return {
        "use": registration.use,
        "trunks": sorted(registration.trunks),
        "providers": sorted(registration.providers),
        "brand": None if registration.brand is None else registration.brand.name,
    }
