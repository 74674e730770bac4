"""What only operators do: freeze a registration, decide a dispute, end what should not stand."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.control.commands.problems import CommandError, check_reason
from gateway.control.registry.claims import find_own
from gateway.control.registry.steps import make_way, settle, take_step, tell_step
from gateway.record.engine import Record
from gateway.record.outbox import ChangeKind, announce_change
from gateway.record.proofs import share_proofs
from gateway.record.registrations import insert_registrations, narrow_registration, overlapping
from gateway.registry.policy import RegistryPolicy
from gateway.registry.registration import Registration
from gateway.registry.review import Review
from gateway.registry.states import IN_FORCE, State, Step, transition

STEPS = (Step.FREEZE, Step.AWARD, Step.DISMISS)


async def decide_registration(
    record: Record,
    registration_id: int,
    step: str,
    reason: str,
    *,
    policy: RegistryPolicy,
    actor: str,
    now: int,
) -> Registration:
    """Take an operator's step.

    An award ends the other side first, so that the proofs of the one that won bring it into force at once.
    What was disputed ends whole, as its proofs were not believed; what stood in force keeps the numbers that
    were not awarded, as when one number of a range is ported out. Raises CommandError.
    """
    reason = check_reason(reason)
    chosen = next((each for each in STEPS if each == step), None)
    if chosen is None:
        raise CommandError(f"is none of {', '.join(STEPS)}", "/step")
    why = Review(chosen, reason)
    async with record.write() as transaction:
        registration = await find_own(transaction, registration_id, owner_id=None)
        changed = await take_step(transaction, registration, chosen, actor=actor, now=now, result=why)
        if chosen is Step.AWARD:
            for rival in await overlapping(
                transaction, registration.numbers, states={*IN_FORCE, State.DISPUTED}
            ):
                if rival.owner_id != registration.owner_id:
                    await _yield(transaction, rival, changed, reason, policy=policy, actor=actor, now=now)
            return await settle(transaction, changed.id, policy=policy, actor=actor, now=now)
        await make_way(transaction, changed, policy=policy, now=now)
        return changed


async def _yield(
    transaction: AsyncConnection,
    rival: Registration,
    awarded: Registration,
    reason: str,
    *,
    policy: RegistryPolicy,
    actor: str,
    now: int,
) -> None:
    """Take from a registration what was awarded to another owner."""
    left = rival.without(awarded.numbers) if rival.state in IN_FORCE else ()
    if not left:
        lost = Review(Step.DISMISS, reason)
        await take_step(transaction, rival, Step.DISMISS, actor=actor, now=now, result=lost)
        return
    first, *others = [
        replace(rival, numbers=numbers, state=transition(rival.state, Step.NARROW)) for numbers in left
    ]
    await narrow_registration(transaction, first, now=now)
    # What its proofs were given for lies in two parts now, of which one needs a registration of its own.
    made = await insert_registrations(transaction, others, now=now) if others else ()
    parts = [first, *(replace(each, id=new_id) for each, new_id in zip(others, made, strict=True))]
    for part in parts:
        if part.id != rival.id:
            await share_proofs(transaction, rival.id, with_id=part.id)
        await tell_step(transaction, part, Step.NARROW, actor=actor, now=now, why=reason)
        await announce_change(transaction, ChangeKind.REGISTRATION, subject_id=part.id, now=now)
        await settle(transaction, part.id, policy=policy, actor=actor, now=now)
