"""Proving by a letter of authorisation: the owner says what it says, operators read it and answer for it.

What is kept is a statement and where the paper can be seen; no upload is believed. For numbers on the
protected list a second operator has to agree, who is not the first: one mistaken or bought person is not
enough to give a bank's numbers away.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.control.commands.problems import CommandError, Trouble, check_reason
from gateway.control.registry.proving import (
    ProofWithNumbers,
    begin,
    fail,
    find_pending,
    find_provable,
    give,
)
from gateway.control.registry.second_eyes import are_two_people
from gateway.control.registry.steps import audit_owner
from gateway.generation.numbers_read import written
from gateway.record.engine import Record
from gateway.record.notices import add_notice
from gateway.record.proofs import ProofRow, pending_proofs, registrations_of, update_proof
from gateway.record.registrations import find_registrations
from gateway.registry.policy import SECONDS_A_DAY, RegistryPolicy
from gateway.registry.proofs import ProofKind

LETTER_SECONDS: Final = 30 * SECONDS_A_DAY
_LONGEST_STATEMENT: Final = 2_000


@dataclass(frozen=True, slots=True)
class Checked:
    """What became of a letter; `needs_second` when another operator has to agree."""

    proof: ProofWithNumbers
    needs_second: bool


async def offer_letter(
    record: Record,
    registration_ids: Sequence[int],
    statement: str,
    *,
    owner_id: int | None,
    policy: RegistryPolicy,
    actor: str,
    now: int,
) -> ProofWithNumbers:
    """Put a letter before the operators. Raises CommandError."""
    statement = statement.strip()
    if not statement or len(statement) > _LONGEST_STATEMENT:
        problem = f"say in 1 to {_LONGEST_STATEMENT} characters who authorises what, and where the letter is"
        raise CommandError(problem, "/statement")
    if not all(part.isprintable() for part in statement.splitlines()):
        raise CommandError("has characters that are no text", "/statement")
    async with record.write() as transaction:
        registrations = await find_provable(transaction, registration_ids, owner_id=owner_id)
        return await begin(
            transaction,
            ProofKind.LETTER,
            registrations,
            within_seconds=LETTER_SECONDS,
            policy=policy,
            actor=actor,
            now=now,
            statement=statement,
        )


async def check_letter(
    record: Record,
    proof_id: int,
    *,
    approve: bool,
    reason: str,
    policy: RegistryPolicy,
    actor: str,
    now: int,
) -> Checked:
    """Say as an operator that a letter is good, or is not. Raises CommandError."""
    reason = check_reason(reason)
    async with record.write() as transaction:
        proof = await find_pending(transaction, proof_id, ProofKind.LETTER, owner_id=None, now=now)
        ids = await registrations_of(transaction, proof.id)
        if not approve:
            failed = await fail(transaction, proof, why=reason, policy=policy, actor=actor, now=now)
            await _tell_refused(transaction, failed, ids, reason, now=now)
            return Checked(ProofWithNumbers(failed, ids), needs_second=False)
        found = await find_registrations(transaction, ids, owner_id=None)
        is_protected = any(policy.is_protected(each.numbers) for each in found.values())
        if proof.first_check_by == actor:
            raise CommandError(
                "you have approved it already: another operator has to agree", trouble=Trouble.CONFLICT
            )
        if proof.first_check_by is not None and not await are_two_people(
            transaction, proof.first_check_by, actor
        ):
            raise CommandError(
                "its first approval and yours may be one person's: somebody else has to agree",
                trouble=Trouble.CONFLICT,
            )
        is_first = proof.first_check_by is None
        column = "first_check_by" if is_first else "second_check_by"
        checked = await update_proof(transaction, proof.id, {column: actor})
        await audit_owner(
            transaction,
            proof.owner_id,
            action="proof.check",
            actor=actor,
            now=now,
            detail={"proof": proof.id, "registrations": ids, "reason": reason, "second": not is_first},
        )
        if is_protected and is_first:
            return Checked(ProofWithNumbers(checked, ids), needs_second=True)
        given = await give(transaction, checked, policy=policy, actor=actor, now=now)
        return Checked(given, needs_second=False)


async def _tell_refused(
    transaction: AsyncConnection, proof: ProofRow, ids: Sequence[int], reason: str, *, now: int
) -> None:
    found = await find_registrations(transaction, ids, owner_id=None)
    first, more = written(found[ids[0]].numbers), len(ids) - 1
    about = f"{first} and {more} more" if more else first
    words = f"Your letter for {about} was refused: {reason}. You may send another, or prove it another way."
    await add_notice(transaction, owner_id=proof.owner_id, registration_id=ids[0], words=words, now=now)


async def list_letters(
    record: Record, *, now: int, after_id: int = 0, limit: int = 100
) -> tuple[ProofWithNumbers, ...]:
    """Return the letters that wait for an operator, oldest first."""
    async with record.read() as transaction:
        found = await pending_proofs(transaction, ProofKind.LETTER, now=now, after_id=after_id, limit=limit)
        ids = [await registrations_of(transaction, proof.id) for proof in found]
        return tuple(ProofWithNumbers(proof, its) for proof, its in zip(found, ids, strict=True))
