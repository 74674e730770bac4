"""What all kinds of proof share: who may begin one for what, and what follows when it is given."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.control.commands.problems import CommandError, Trouble
from gateway.control.registry.steps import audit_owner, settle
from gateway.record.engine import Record
from gateway.record.proofs import (
    ProofRow,
    ProofState,
    find_proof,
    insert_proof,
    registrations_of,
    update_proof,
)
from gateway.record.registrations import find_registrations
from gateway.registry.policy import RegistryPolicy
from gateway.registry.proofs import ProofKind
from gateway.registry.registration import Registration
from gateway.registry.states import State

MOST_REGISTRATIONS = 1_000
"""That one letter or certificate may be for."""


@dataclass(frozen=True, slots=True)
class ProofWithNumbers:
    """A proof and the ids of the registrations it is for."""

    proof: ProofRow
    registration_ids: tuple[int, ...]


async def find_provable(
    transaction: AsyncConnection, ids: Collection[int], *, owner_id: int | None
) -> tuple[Registration, ...]:
    """The registrations a proof is begun for: of one owner, and not withdrawn. Raises CommandError."""
    if not 1 <= len(ids) <= MOST_REGISTRATIONS:
        raise CommandError(f"is a list of 1 to {MOST_REGISTRATIONS} registrations", "/numbers")
    found = await find_registrations(transaction, ids, owner_id=owner_id)
    named: set[int] = set()
    for index, each in enumerate(ids):
        if each in named:
            raise CommandError(f"names registration {each} twice", f"/numbers/{index}")
        named.add(each)
        if each not in found:
            raise CommandError(
                f"there is no registration {each}", f"/numbers/{index}", trouble=Trouble.MISSING
            )
        if found[each].state is State.WITHDRAWN:
            raise CommandError(
                f"registration {each} was withdrawn", f"/numbers/{index}", trouble=Trouble.CONFLICT
            )
    registrations = tuple(found[each] for each in ids)
    if len({each.owner_id for each in registrations}) > 1:
        raise CommandError("names registrations of several owners", "/numbers")
    return registrations


async def find_single(
    transaction: AsyncConnection, registration_id: int, *, owner_id: int | None, what: str
) -> Registration:
    """The same for a proof that is about one number. Raises CommandError."""
    (registration,) = await find_provable(transaction, [registration_id], owner_id=owner_id)
    if registration.numbers.count > 1:
        raise CommandError(f"{what} proves one number, and this registration has more", "/numbers/0")
    return registration


async def begin(
    transaction: AsyncConnection,
    kind: ProofKind,
    registrations: Sequence[Registration],
    *,
    within_seconds: int,
    policy: RegistryPolicy,
    actor: str,
    now: int,
    salt: bytes | None = None,
    code_hash: str | None = None,
    destination: str | None = None,
    statement: str | None = None,
) -> ProofWithNumbers:
    """Begin a proof for registrations of one owner, at least one, and do what follows from it."""
    ids = tuple(each.id for each in registrations)
    proof = await insert_proof(
        transaction,
        owner_id=registrations[0].owner_id,
        kind=kind,
        registration_ids=ids,
        created_at=now,
        created_by=actor,
        expires_at=now + within_seconds,
        salt=salt,
        code_hash=code_hash,
        destination=destination,
        statement=statement,
    )
    await audit_owner(
        transaction,
        proof.owner_id,
        action="proof.begin",
        actor=actor,
        now=now,
        detail={"proof": proof.id, "kind": proof.kind, "registrations": ids},
    )
    for each in ids:
        await settle(transaction, each, policy=policy, actor=actor, now=now)
    return ProofWithNumbers(proof, ids)


async def give(
    transaction: AsyncConnection,
    proof: ProofRow,
    *,
    policy: RegistryPolicy,
    actor: str,
    now: int,
    until: int | None = None,
) -> ProofWithNumbers:
    """Note that a proof was given, and what follows; `until` ends it before policy does."""
    ends = policy.proof_ends(proof.kind, since=now)
    values = {
        "state": ProofState.GIVEN.value,
        "since_at": now,
        "until_at": ends if until is None else min(ends, until),
        "code_hash": None,
        "salt": None,
    }
    given = await update_proof(transaction, proof.id, values)
    ids = await registrations_of(transaction, proof.id)
    await audit_owner(
        transaction,
        proof.owner_id,
        action="proof.give",
        actor=actor,
        now=now,
        detail={"proof": proof.id, "kind": proof.kind, "registrations": ids, "until": given.until},
    )
    for each in ids:
        await settle(transaction, each, policy=policy, actor=actor, now=now)
    return ProofWithNumbers(given, ids)


async def fail(
    transaction: AsyncConnection, proof: ProofRow, *, why: str, policy: RegistryPolicy, actor: str, now: int
) -> ProofRow:
    """Note that a proof was refused, and what follows."""
    failed = await update_proof(transaction, proof.id, {"state": ProofState.FAILED.value, "code_hash": None})
    ids = await registrations_of(transaction, proof.id)
    await audit_owner(
        transaction,
        proof.owner_id,
        action="proof.fail",
        actor=actor,
        now=now,
        detail={"proof": proof.id, "kind": proof.kind, "registrations": ids, "why": why},
    )
    for each in ids:
        await settle(transaction, each, policy=policy, actor=actor, now=now)
    return failed


async def find_pending(
    transaction: AsyncConnection, proof_id: int, kind: ProofKind, *, owner_id: int | None, now: int
) -> ProofRow:
    """A proof that can still be completed. Raises CommandError."""
    proof = await find_proof(transaction, proof_id, owner_id=owner_id)
    if proof is None or proof.kind is not kind:
        raise CommandError(f"there is no {kind} proof {proof_id}", trouble=Trouble.MISSING)
    if not proof.is_pending(now):
        raise CommandError("it was completed, replaced or has run out: begin another", trouble=Trouble.GONE)
    return proof


async def show_proof(record: Record, proof_id: int, *, owner_id: int | None) -> ProofWithNumbers:
    """Return a proof. Raises CommandError."""
    async with record.read() as transaction:
        proof = await find_proof(transaction, proof_id, owner_id=owner_id)
        if proof is None:
            raise CommandError(f"there is no proof {proof_id}", trouble=Trouble.MISSING)
        return ProofWithNumbers(proof, await registrations_of(transaction, proof_id))
