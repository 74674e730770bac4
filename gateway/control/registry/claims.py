"""Claiming numbers, changing what is said of them, withdrawing.

A claim is taken whoever's the numbers are, with the same answer: that tells a stranger nothing about whose
they are (threat N8). Only the holder is told.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.control.commands.problems import CommandError, Trouble
from gateway.control.registry.limits import check_limit
from gateway.control.registry.steps import audit_owner, make_way, named, numbers_detail, take_step
from gateway.facts.blocks import MOST_NUMBERS
from gateway.generation.numbers_read import describe, read_range
from gateway.numbers.canonical import NumberError, is_international
from gateway.numbers.plans import NumberKind, plan_for
from gateway.numbers.ranges import NumberRange
from gateway.passport.fields import ClaimProblem
from gateway.passport.rich_call_data import read_rich_call_data
from gateway.record.attempts import count_attempts, note_attempts
from gateway.record.engine import Record
from gateway.record.notices import add_notice
from gateway.record.outbox import ChangeKind, announce_change
from gateway.record.registrations import (
    find_registrations,
    insert_registrations,
    overlapping,
    update_registration,
)
from gateway.registry.codes import Limit
from gateway.registry.policy import SECONDS_A_DAY, RegistryPolicy
from gateway.registry.registration import Brand, Registration, Use
from gateway.registry.review import Review
from gateway.registry.states import IN_FORCE, LIVE, State, Step

CLAIMS_OF_AN_OWNER: Final = Limit(1_000)
"""By hand or by program, one at a time; a file of any length counts once."""
_MOST_WAYS: Final = 50
_NOBODYS: Final = frozenset(
    {NumberKind.INVALID, NumberKind.SERVICE, NumberKind.PREMIUM, NumberKind.INSERTED, NumberKind.NETWORK}
)
_SPC: Final = re.compile(r"[A-Za-z0-9]{1,16}")
_LONGEST_TEXT: Final = 80


@dataclass(frozen=True, slots=True)
class Claim:
    """What an owner says of some numbers, as it was written."""

    numbers: str
    use: Use
    trunks: tuple[str, ...] = ()
    providers: tuple[str, ...] = ()
    brand: Brand | None = None


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


def check_claim(claim: Claim, place: str, *, owner_id: int, trunks: Collection[str]) -> Registration:
    """The registration a claim asks for. Raises CommandError with the place."""
    numbers = check_numbers(claim.numbers, f"{place}/numbers")
    registration = Registration(id=0, owner_id=owner_id, numbers=numbers, use=claim.use, state=State.CLAIMED)
    return _said(registration, claim, place, trunks)


def check_numbers(text: str, pointer: str) -> NumberRange:
    """Numbers that somebody can own, as people write them. Raises CommandError."""
    try:
        numbers = read_range(text.strip())
    except NumberError as error:
        raise CommandError(error.problem, pointer) from error
    if numbers.count > MOST_NUMBERS:
        raise CommandError(f"a registration covers at most {MOST_NUMBERS} numbers", pointer)
    for tn in (numbers.start, numbers.last):
        plan = plan_for(tn) if is_international(tn) else None
        if not is_international(tn) or (plan is not None and plan.classify(tn) in _NOBODYS):
            raise CommandError(f"{describe(NumberRange(tn))} is nobody's number to register", pointer)
    return numbers


def _said(registration: Registration, claim: Claim, place: str, trunks: Collection[str]) -> Registration:
    """The same with trunks, providers and brand, if they are in order."""
    if registration.use is Use.NEVER_CALLS_OUT:
        if claim.trunks or claim.providers or claim.brand is not None:
            raise CommandError(
                "numbers that never call out have no trunks, providers or brand", f"{place}/use"
            )
        return registration
    if not claim.trunks and not claim.providers:
        raise CommandError(
            "say by which trunks of this network, or through which providers, it calls", f"{place}/trunks"
        )
    if len(claim.trunks) > _MOST_WAYS or len(claim.providers) > _MOST_WAYS:
        raise CommandError(f"names more than {_MOST_WAYS}", f"{place}/trunks")
    for index, trunk in enumerate(claim.trunks):
        if trunk not in trunks:
            raise CommandError(
                "is not a trunk that customers of this network call by", f"{place}/trunks/{index}"
            )
    for index, provider in enumerate(claim.providers):
        if _SPC.fullmatch(provider) is None:
            raise CommandError("is not a service provider code", f"{place}/providers/{index}")
    if claim.brand is not None:
        check_brand(claim.brand, f"{place}/brand")
    return replace(
        registration,
        trunks=frozenset(claim.trunks),
        providers=frozenset(claim.providers),
        brand=claim.brand,
    )


def check_brand(brand: Brand, place: str) -> None:
    """Refuse what could not be signed as rich call data (RFC 9795). Raises CommandError."""
    for member, text in (("name", brand.name), ("call_reason", brand.call_reason)):
        if text is not None and not (
            0 < len(text) <= _LONGEST_TEXT and text.isprintable() and text.strip() == text
        ):
            raise CommandError(f"is 1 to {_LONGEST_TEXT} printable characters", f"{place}/{member}")
    if (brand.logo_url is None) != (brand.logo_digest is None):
        raise CommandError(
            "a logo is given with its digest, sha256-…, and not without", f"{place}/logo_digest"
        )
    claims: dict[str, object] = {"rcd": {"nam": brand.name}}
    if brand.logo_url is not None:
        claims = {"rcd": {"nam": brand.name, "icn": brand.logo_url}, "rcdi": {"/icn": brand.logo_digest}}
    if brand.call_reason is not None:
        claims["crn"] = brand.call_reason
    read = read_rich_call_data(claims)
    if isinstance(read, ClaimProblem):
        member = {"rcdi": "logo_digest", "crn": "call_reason"}.get(read.claim, "logo_url")
        raise CommandError(read.problem, f"{place}/{member}")


async def refuse_own_overlap(transaction: AsyncConnection, wanted: Registration, place: str) -> None:
    """Refuse what the owner has registered already, whole or in part. Raises CommandError."""
    for own in await overlapping(transaction, wanted.numbers, states=LIVE, owner_id=wanted.owner_id, limit=1):
        raise own_overlap(own, place)


def own_overlap(own: Registration, place: str) -> CommandError:
    """What is said of numbers that their owner has registered already."""
    return CommandError(
        f"you have {describe(own.numbers)} registered already (number {own.id}): "
        "change that one, or withdraw it first",
        f"{place}/numbers",
        trouble=Trouble.CONFLICT,
    )


async def tell_holders(transaction: AsyncConnection, claim: Registration, *, now: int) -> None:
    """Tell those whose numbers in force these are, once a day for each stranger."""
    standing = await overlapping(transaction, claim.numbers, states=IN_FORCE, limit=_MOST_WAYS)
    for rival in standing:
        if rival.owner_id == claim.owner_id:
            continue
        subject = f"{rival.id}:{claim.owner_id}"
        if await count_attempts(transaction, "told", subject, since=now - SECONDS_A_DAY):
            continue
        await note_attempts(transaction, [("told", subject)], now=now)
        words = (
            f"Somebody else has claimed {describe(claim.numbers)}. Nothing changes for you unless it is "
            "proven; if it is nobody you know, there is nothing you need to do."
        )
        await add_notice(transaction, owner_id=rival.owner_id, registration_id=rival.id, words=words, now=now)
        await audit_owner(
            transaction,
            rival.owner_id,
            action="registration.challenge",
            actor="registry",
            now=now,
            detail=named(rival) | {"claimed": numbers_detail(claim.numbers)},
        )


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
        changed = _said(bare, claim, "", trunks)
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
