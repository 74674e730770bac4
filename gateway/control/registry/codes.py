"""Proving by a code: it is called out to the number, and whoever hears it types it in.

Six digits against guessing, so everything else is about tries: five for a code, in whatever process and
however many at once, since writers take turns at the record; and few codes for a number, its neighbours, an
owner and an address, unless that is a proxy's on this machine, which asks for everybody.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Final

from gateway.control.addresses import asks_for_everybody, hidden, site_of
from gateway.control.commands.problems import CommandError
from gateway.control.registry.limits import check_limit
from gateway.control.registry.proving import ProofWithNumbers, begin, fail, find_pending, find_single, give
from gateway.control.registry.steps import audit_owner
from gateway.numbers.canonical import TelephoneNumber
from gateway.numbers.plans import NumberKind, plan_for
from gateway.record.attempts import note_attempts
from gateway.record.engine import Record
from gateway.record.proofs import ProofState, proofs_of, registrations_of, update_proof
from gateway.registry.codes import (
    CODE_SECONDS,
    CODES,
    CODES_FROM_AN_ADDRESS,
    CODES_OF_AN_OWNER,
    CODES_TO_A_NUMBER,
    CODES_TO_A_PREFIX,
    MOST_TRIES,
    hash_code,
    is_code,
    read_code,
    render_code,
)
from gateway.registry.policy import RegistryPolicy
from gateway.registry.proofs import ProofKind

_SALT_BYTES: Final = 16
_PREFIX_DIGITS: Final = 4
"""Numbers that differ in so many last digits are neighbours."""
_COSTS_MORE: Final = frozenset({NumberKind.PREMIUM, NumberKind.REVENUE_SHARE, NumberKind.PERSONAL})
"""Whoever owns such a number is paid for each call to it (threat N6)."""


@dataclass(frozen=True, slots=True)
class BegunCode:
    """A proof by code, with the one copy of the code there is in clear: for the switch that calls it out."""

    begun: ProofWithNumbers
    tn: TelephoneNumber
    code: str = field(repr=False)


async def begin_code(
    record: Record,
    registration_id: int,
    *,
    owner_id: int | None,
    address: str | None,
    policy: RegistryPolicy,
    actor: str,
    now: int,
) -> BegunCode:
    """Choose a code for a number; one chosen before is void. `address` is who asks. Raises CommandError."""
    code, salt = render_code(secrets.randbelow(CODES)), secrets.token_bytes(_SALT_BYTES)
    async with record.write() as transaction:
        registration = await find_single(transaction, registration_id, owner_id=owner_id, what="a code")
        tn = registration.numbers.start
        plan = plan_for(tn)
        if plan is not None and plan.classify(tn) in _COSTS_MORE:
            raise CommandError(
                "no code is called to a number whose owner earns by it: prove it another way", "/kind"
            )
        counted = [
            ("code-number", tn, CODES_TO_A_NUMBER),
            ("code-prefix", tn[:-_PREFIX_DIGITS], CODES_TO_A_PREFIX),
            ("code-owner", str(registration.owner_id), CODES_OF_AN_OWNER),
        ]
        if not asks_for_everybody(address):
            counted.append(("code-address", hidden(site_of(address)), CODES_FROM_AN_ADDRESS))
        for purpose, subject, limit in counted:
            await check_limit(transaction, purpose, subject, limit, now=now)
        await note_attempts(transaction, [(purpose, subject) for purpose, subject, _ in counted], now=now)
        for earlier in await proofs_of(transaction, registration.id):
            if earlier.kind is ProofKind.CODE and earlier.state is ProofState.PENDING:
                void = {"state": ProofState.VOID.value, "code_hash": None, "salt": None}
                await update_proof(transaction, earlier.id, void)
        answer = await begin(
            transaction,
            ProofKind.CODE,
            [registration],
            within_seconds=CODE_SECONDS,
            policy=policy,
            actor=actor,
            now=now,
            salt=salt,
            code_hash=hash_code(code, salt=salt),
        )
    return BegunCode(answer, tn, code)


async def confirm_code(
    record: Record,
    proof_id: int,
    typed: str,
    *,
    owner_id: int | None,
    policy: RegistryPolicy,
    actor: str,
    now: int,
) -> ProofWithNumbers:
    """Take the code that was typed in. Raises CommandError; a wrong one is counted before that."""
    if read_code(typed) is None:
        raise CommandError("a code has six digits", "/code")
    async with record.write() as transaction:
        proof = await find_pending(transaction, proof_id, ProofKind.CODE, owner_id=owner_id, now=now)
        if proof.salt is None or proof.code_hash is None:
            raise AssertionError("a pending code has its salt and its hash")
        if is_code(typed, salt=proof.salt, stored=proof.code_hash):
            return await give(transaction, proof, policy=policy, actor=actor, now=now)
        tried = await update_proof(transaction, proof.id, {"tries": proof.tries + 1})
        left = MOST_TRIES - tried.tries
        if left <= 0:
            await fail(transaction, tried, why="wrong codes", policy=policy, actor=actor, now=now)
        else:
            await audit_owner(
                transaction,
                proof.owner_id,
                action="proof.try",
                actor=actor,
                now=now,
                detail={
                    "proof": proof.id,
                    "registrations": await registrations_of(transaction, proof.id),
                    "left": left,
                },
            )
    raise CommandError(_wrong(left), "/code")


def _wrong(left: int) -> str:
    if left <= 0:
        return "this is not the code, and there are no tries left: have another one called out"
    return f"this is not the code; {left} {'try is' if left == 1 else 'tries are'} left"
