"""Transitions on the record: each with its event, its audit row, and a word to whom it concerns.

`settle` is to be called in the transaction of whatever may have changed a registration's standing; it asks
`gateway.registry.review` until nothing is left to be done, for the registration and for those it makes way.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.control.commands.problems import CommandError, Trouble
from gateway.generation.numbers_read import written
from gateway.numbers.ranges import NumberRange
from gateway.record.audit import append_audit
from gateway.record.engine import Record
from gateway.record.notices import add_notice
from gateway.record.outbox import ChangeKind, announce_change
from gateway.record.proofs import given, proofs_of
from gateway.record.registrations import (
    add_event,
    ending_before,
    find_registrations,
    overlapping,
    update_registration,
)
from gateway.registry.policy import SECONDS_A_DAY, RegistryPolicy
from gateway.registry.proofs import strength
from gateway.registry.registration import Registration
from gateway.registry.review import Review, Rival, review
from gateway.registry.states import IN_FORCE, State, Step, TransitionError, transition

REGISTRY: Final = "registry"
"""The actor of what follows from proofs and time."""
_AT_ONCE: Final = 200
_TELLS: Final[Mapping[Step, str]] = {
    Step.PROVE: "is verified",
    Step.CONTEST: "is proven, but stands for somebody else: an operator decides",
    Step.NEAR_END: "will lapse soon: prove it again",
    Step.LAPSE: "has lapsed: prove it again",
    Step.FREEZE: "is frozen: somebody else has proven the same numbers; an operator decides",
    Step.AWARD: "was awarded to you by an operator",
    Step.DISMISS: "was ended by an operator",
    Step.NARROW: "is what stays yours: an operator gave your other numbers beside it to somebody else",
}


async def settle(
    transaction: AsyncConnection, registration_id: int, *, policy: RegistryPolicy, actor: str, now: int
) -> Registration:
    """Take every step that proofs and time ask for; return the registration as it is then."""
    while True:
        registration = (await find_registrations(transaction, [registration_id], owner_id=None))[
            registration_id
        ]
        result = await _review(transaction, registration, policy, now)
        if result.step is None:
            return registration
        was_in_force = registration.state in IN_FORCE
        await take_step(transaction, registration, result.step, actor=actor, now=now, result=result)
        if result.freezes:
            frozen = await find_registrations(transaction, result.freezes, owner_id=None)
            for rival in frozen.values():
                await take_step(transaction, rival, Step.FREEZE, actor=REGISTRY, now=now, result=result)
        if result.withstand:
            await _tell_withstanding(transaction, registration, result.withstand, now=now)
        if was_in_force and result.step is Step.LAPSE:
            await make_way(transaction, registration, policy=policy, now=now)


async def _tell_withstanding(
    transaction: AsyncConnection, challenger: Registration, ids: Collection[int], *, now: int
) -> None:
    """Tell those who stay in force that an operator decides between them and somebody else."""
    for rival in (await find_registrations(transaction, ids, owner_id=None)).values():
        words = (
            f"Somebody else has proven {written(challenger.numbers)} too. Yours stays in force until an "
            "operator has decided; tell your network's operator now if it is nobody you know."
        )
        detail = {"proven": numbers_detail(challenger.numbers)}
        await tell_holder(transaction, rival, words, action="registration.withstand", detail=detail, now=now)


async def tell_holder(
    transaction: AsyncConnection,
    holder: Registration,
    words: str,
    *,
    action: str,
    detail: Mapping[str, object],
    now: int,
) -> None:
    """Tell a number's owner of somebody else who wants it, and note in the audit that this was told."""
    await add_notice(transaction, owner_id=holder.owner_id, registration_id=holder.id, words=words, now=now)
    await audit_owner(
        transaction,
        holder.owner_id,
        action=action,
        actor=REGISTRY,
        now=now,
        detail=named(holder) | dict(detail),
    )


async def make_way(
    transaction: AsyncConnection, gone: Registration, *, policy: RegistryPolicy, now: int
) -> None:
    """Look again at whoever was kept out by a registration that no longer stands."""
    waiting = await overlapping(transaction, gone.numbers, states={State.PROVING})
    for other in waiting:
        if other.id != gone.id:
            await settle(transaction, other.id, policy=policy, actor=REGISTRY, now=now)


async def take_step(
    transaction: AsyncConnection,
    registration: Registration,
    step: Step,
    *,
    actor: str,
    now: int,
    result: Review,
) -> Registration:
    """Take one step and tell of it. Raises CommandError where it cannot be taken."""
    try:
        state = transition(registration.state, step)
    except TransitionError as error:
        raise CommandError(str(error), trouble=Trouble.CONFLICT) from error
    changed = replace(registration, state=state)
    if step is Step.PROVE:
        changed = replace(changed, until=result.until)
    elif state not in IN_FORCE:
        changed = replace(changed, until=None)
    await update_registration(transaction, changed, now=now)
    await tell_step(transaction, changed, step, actor=actor, now=now, why=result.why)
    if registration.state in IN_FORCE or state in IN_FORCE:
        await announce_change(transaction, ChangeKind.REGISTRATION, subject_id=changed.id, now=now)
    return changed


async def tell_step(
    transaction: AsyncConnection, changed: Registration, step: Step, *, actor: str, now: int, why: str
) -> None:
    """Note a step that a registration has taken, in its history and the audit, and tell its owner."""
    state = changed.state
    await add_event(transaction, changed.id, at=now, actor=actor, step=step, state=state, why=why)
    await audit_owner(
        transaction,
        changed.owner_id,
        action=f"registration.{step}",
        actor=actor,
        now=now,
        detail=named(changed) | {"state": state, "why": why},
    )
    if step in _TELLS:
        words = f"{written(changed.numbers)} {_TELLS[step]}."
        await add_notice(
            transaction, owner_id=changed.owner_id, registration_id=changed.id, words=words, now=now
        )


async def audit_owner(
    transaction: AsyncConnection,
    owner_id: int,
    *,
    action: str,
    actor: str,
    now: int,
    detail: Mapping[str, object],
) -> None:
    """Add an audit row that the owner may see as well."""
    await append_audit(
        transaction, at=now, actor=actor, action=action, subject=owner_subject(owner_id), detail=detail
    )


def owner_subject(owner_id: int) -> str:
    """What the audit calls an owner."""
    return f"owner:{owner_id}"


def named(registration: Registration) -> dict[str, object]:
    """Which registration, for the audit."""
    return {"registration": registration.id} | numbers_detail(registration.numbers)


def numbers_detail(numbers: NumberRange) -> dict[str, object]:
    """Which numbers, for the audit."""
    return {"start": numbers.start, "count": numbers.count}


async def review_due(record: Record, *, policy: RegistryPolicy, now: int) -> int:
    """Step on whatever ends soon or has ended; return how many were looked at.

    To be called every minute or so. No right depends on it: facts end by their own time.
    """
    soon = now + policy.renewal_days * SECONDS_A_DAY
    async with record.write() as transaction:
        due = await ending_before(transaction, soon, states={State.VERIFIED}, limit=_AT_ONCE)
        due += await ending_before(transaction, now + 1, states=IN_FORCE, limit=_AT_ONCE)
        for registration in due:
            await settle(transaction, registration.id, policy=policy, actor=REGISTRY, now=now)
    return len(due)


async def _review(
    transaction: AsyncConnection, registration: Registration, policy: RegistryPolicy, now: int
) -> Review:
    rows = await proofs_of(transaction, registration.id)
    standing = await overlapping(transaction, registration.numbers, states={*IN_FORCE, State.DISPUTED})
    return review(
        registration,
        number_class=policy.classify(registration.numbers, registration.use),
        proofs=given(rows),
        is_proving=any(row.is_pending(now) for row in rows),
        rivals=[
            Rival(
                each,
                is_protected=policy.is_protected(each.numbers),
                worth=strength(
                    proof.kind
                    for proof in given(await proofs_of(transaction, each.id))
                    if proof.is_in_force(now)
                ),
            )
            for each in standing
            if each.owner_id != registration.owner_id
        ],
        policy=policy,
        now=now,
    )
