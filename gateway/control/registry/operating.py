"""What only operators do: freeze a registration, decide a dispute, end what should not stand."""

from __future__ import annotations

from gateway.control.commands.problems import CommandError, check_reason
from gateway.control.registry.claims import find_own
from gateway.control.registry.steps import make_way, settle, take_step
from gateway.record.engine import Record
from gateway.record.registrations import overlapping
from gateway.registry.policy import RegistryPolicy
from gateway.registry.registration import Registration
from gateway.registry.review import Review
from gateway.registry.states import State, Step

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

    An award ends the other side of the dispute first, so that the proofs of the one that won bring it into
    force at once. Raises CommandError.
    """
    reason = check_reason(reason)
    chosen = next((each for each in STEPS if each == step), None)
    if chosen is None:
        raise CommandError(f"is none of {', '.join(STEPS)}", "/step")
    why = Review(chosen, reason)
    async with record.write() as transaction:
        registration = await find_own(transaction, registration_id, owner_id=None)
        if chosen is Step.AWARD:
            for rival in await overlapping(transaction, registration.numbers, states={State.DISPUTED}):
                if rival.owner_id != registration.owner_id:
                    lost = Review(Step.DISMISS, reason)
                    await take_step(transaction, rival, Step.DISMISS, actor=actor, now=now, result=lost)
        changed = await take_step(transaction, registration, chosen, actor=actor, now=now, result=why)
        if chosen is Step.AWARD:
            return await settle(transaction, changed.id, policy=policy, actor=actor, now=now)
        await make_way(transaction, changed, policy=policy, now=now)
        return changed
