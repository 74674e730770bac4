"""Proving by calling: the owner calls a number the gateway names, and the journal tells that it happened.

A call counts from an access trunk of this carrier, where the number shown is the line's own, or with A by a
provider that policy trusts. A customer's PBX shows what it likes and proves nothing. Even so it is weak
alone: whoever borrows a telephone passes.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gateway.attestation.decide import TrunkKind
from gateway.control.commands.problems import CommandError
from gateway.control.registry.limits import check_limit
from gateway.control.registry.proving import ProofWithNumbers, begin, find_single, give
from gateway.generation.trunks import Trunk
from gateway.journal import Record as CallRecord
from gateway.numbers.canonical import TelephoneNumber
from gateway.reasons import Verstat
from gateway.record.attempts import note_attempts
from gateway.record.engine import Record
from gateway.record.proofs import pending_calls
from gateway.registry.codes import CALL_SECONDS, Limit
from gateway.registry.policy import RegistryPolicy
from gateway.registry.proofs import ProofKind

CALLS_OF_AN_OWNER: Final = Limit(20)
_ACTOR: Final = "journal"


@dataclass(frozen=True, slots=True)
class ProvingCall:
    """A call that could complete a proof."""

    orig: TelephoneNumber
    destination: TelephoneNumber
    time: int


async def begin_call(
    record: Record,
    registration_id: int,
    *,
    owner_id: int | None,
    policy: RegistryPolicy,
    actor: str,
    now: int,
) -> ProofWithNumbers:
    """Name the number to call, within a quarter of an hour. Raises CommandError."""
    if not policy.call_destinations:
        raise CommandError("this network has no number set aside for it: prove it another way", "/kind")
    async with record.write() as transaction:
        registration = await find_single(transaction, registration_id, owner_id=owner_id, what="a call")
        subject = str(registration.owner_id)
        await check_limit(transaction, "call-owner", subject, CALLS_OF_AN_OWNER, now=now)
        await note_attempts(transaction, [("call-owner", subject)], now=now)
        return await begin(
            transaction,
            ProofKind.CALL,
            [registration],
            within_seconds=CALL_SECONDS,
            policy=policy,
            actor=actor,
            now=now,
            # By chance, so that a call made by chance, or by habit, seldom proves anything.
            destination=secrets.choice(policy.call_destinations),
        )


def proving_call(
    call: CallRecord, *, trunks: Mapping[str, Trunk], policy: RegistryPolicy
) -> ProvingCall | None:
    """Whether this call may prove the number it showed; None for nearly every call."""
    routed = None if call.grounds is None else call.grounds.request_uri
    # Where the switch said to which number it routed the call, what stands in To is the caller's own word.
    called = call.dests if routed is None else (routed,)
    destination = next((tn for tn in called if tn in policy.call_destinations), None)
    if destination is None or call.orig is None or call.anonymous:
        return None
    if call.network_tn is not None and call.network_tn != call.orig:
        return None
    if not _is_vouched_for(call, trunks.get(call.trunk), policy):
        return None
    return ProvingCall(TelephoneNumber(call.orig), TelephoneNumber(destination), int(call.time))


def _is_vouched_for(call: CallRecord, trunk: Trunk | None, policy: RegistryPolicy) -> bool:
    if trunk is not None and trunk.kind is TrunkKind.ACCESS:
        return True
    passed = call.verstat == Verstat.TN_VALIDATION_PASSED.value and call.attest == "A"
    return passed and not policy.trusted_providers.isdisjoint(call.spcs)


async def complete_call(record: Record, call: ProvingCall, *, policy: RegistryPolicy, now: int) -> bool:
    """Give every pending proof that this call completes; return whether there was one."""
    async with record.write() as transaction:
        waiting = await pending_calls(transaction, call.orig, destination=call.destination, now=now)
        given = [proof for proof in waiting if call.time >= proof.created_at]
        for proof in given:
            await give(transaction, proof, policy=policy, actor=_ACTOR, now=now)
    return bool(given)
