"""What waits for an operator: letters to be read, and registrations that two owners have proven."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.control.commands.problems import CommandError, Trouble
from gateway.control.registry.claims import find_own
from gateway.record.engine import Record
from gateway.record.owners import find_owner
from gateway.record.proofs import ProofRow, find_proof, given, pending_proofs, proofs_of, registrations_of
from gateway.record.registrations import find_registrations, overlapping, read_registrations
from gateway.registry.policy import RegistryPolicy
from gateway.registry.proofs import ProofKind
from gateway.registry.registration import Registration
from gateway.registry.states import IN_FORCE, State


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter with what it is for."""

    proof: ProofRow
    owner_name: str
    registrations: tuple[Registration, ...]
    needs_two: bool
    """Some of the numbers are protected."""


@dataclass(frozen=True, slots=True)
class Side:
    """A registration with whose it is, and the kinds of proof it has that are in force."""

    registration: Registration
    owner_name: str
    kinds: tuple[ProofKind, ...]


@dataclass(frozen=True, slots=True)
class Waiting:
    """The first of each, oldest first."""

    letters: tuple[Letter, ...]
    disputed: tuple[Side, ...]


async def list_waiting(record: Record, *, policy: RegistryPolicy, now: int, limit: int) -> Waiting:
    """Return what operators have to look at."""
    async with record.read() as transaction:
        letters = await pending_proofs(transaction, ProofKind.LETTER, now=now, limit=limit)
        disputed = await read_registrations(transaction, owner_id=None, state=State.DISPUTED, limit=limit)
        return Waiting(
            tuple([await _letter(transaction, proof, policy) for proof in letters]),
            tuple([await _side(transaction, each, now) for each in disputed]),
        )


async def show_letter(record: Record, proof_id: int, *, policy: RegistryPolicy, now: int) -> Letter:
    """Return a letter that waits. Raises CommandError."""
    async with record.read() as transaction:
        proof = await find_proof(transaction, proof_id, owner_id=None)
        if proof is None or proof.kind is not ProofKind.LETTER or not proof.is_pending(now):
            raise CommandError(f"no letter {proof_id} waits for an operator", trouble=Trouble.MISSING)
        return await _letter(transaction, proof, policy)


async def show_sides(record: Record, registration_id: int, *, now: int) -> tuple[Side, ...]:
    """Return a disputed registration, then those that an award of it would touch. Raises CommandError."""
    async with record.read() as transaction:
        mine = await find_own(transaction, registration_id, owner_id=None)
        if mine.state is not State.DISPUTED:
            raise CommandError(f"registration {registration_id} is not disputed", trouble=Trouble.MISSING)
        found = await overlapping(transaction, mine.numbers, states={*IN_FORCE, State.DISPUTED})
        others = [each for each in found if each.owner_id != mine.owner_id]
        return tuple([await _side(transaction, each, now) for each in (mine, *others)])


async def _letter(transaction: AsyncConnection, proof: ProofRow, policy: RegistryPolicy) -> Letter:
    ids = await registrations_of(transaction, proof.id)
    found = await find_registrations(transaction, ids, owner_id=None)
    registrations = tuple(found[each] for each in ids)
    needs_two = any(policy.is_protected(each.numbers) for each in registrations)
    return Letter(proof, await _name(transaction, proof.owner_id), registrations, needs_two)


async def _side(transaction: AsyncConnection, registration: Registration, now: int) -> Side:
    rows = await proofs_of(transaction, registration.id)
    kinds = sorted({proof.kind for proof in given(rows) if proof.is_in_force(now)})
    return Side(registration, await _name(transaction, registration.owner_id), tuple(kinds))


async def _name(transaction: AsyncConnection, owner_id: int) -> str:
    owner = await find_owner(transaction, owner_id)
    return "an owner that was erased" if owner is None else owner.name
