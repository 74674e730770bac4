"""Proofs as rows: begun, given, failed. One may be for several registrations of its owner (a letter)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from sqlalchemy import Row, insert, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.record.registry_tables import proof_registrations, proofs, registrations
from gateway.registry.proofs import Proof, ProofKind


class ProofState(StrEnum):
    """How far a proof has come."""

    PENDING = "pending"
    GIVEN = "given"
    FAILED = "failed"
    """Tried too often, or refused."""
    VOID = "void"
    """Replaced by another that was begun later."""


@dataclass(frozen=True, slots=True)
class ProofRow:
    """A proof as recorded. Times are epoch seconds; `registry_tables` says what each value is of."""

    id: int
    owner_id: int
    kind: ProofKind
    state: ProofState
    created_at: int
    created_by: str
    expires_at: int
    since: int | None
    until: int | None
    salt: bytes | None = field(repr=False)
    code_hash: str | None = field(repr=False)
    tries: int
    destination: str | None
    statement: str | None
    first_check_by: str | None
    second_check_by: str | None

    def is_pending(self, now: int) -> bool:
        """Whether it can still be completed."""
        return self.state is ProofState.PENDING and now < self.expires_at


async def insert_proof(
    transaction: AsyncConnection,
    *,
    owner_id: int,
    kind: ProofKind,
    registration_ids: Collection[int],
    created_at: int,
    created_by: str,
    expires_at: int,
    salt: bytes | None = None,
    code_hash: str | None = None,
    destination: str | None = None,
    statement: str | None = None,
) -> ProofRow:
    """Add a pending proof for these registrations, of which there is at least one."""
    values = {
        "owner_id": owner_id,
        "kind": kind.value,
        "state": ProofState.PENDING.value,
        "created_at": created_at,
        "created_by": created_by,
        "expires_at": expires_at,
        "salt": None if salt is None else salt.hex(),
        "code_hash": code_hash,
        "tries": 0,
        "destination": destination,
        "statement": statement,
    }
    row = (await transaction.execute(insert(proofs).values(values).returning(proofs))).one()
    links = [{"proof_id": row.id, "registration_id": each} for each in sorted(registration_ids)]
    await transaction.execute(insert(proof_registrations), links)
    return _proof(row)


async def update_proof(transaction: AsyncConnection, proof_id: int, values: Mapping[str, object]) -> ProofRow:
    """Change some columns and return the proof as it is then."""
    result = await transaction.execute(
        update(proofs).where(proofs.c.id == proof_id).values(dict(values)).returning(proofs)
    )
    return _proof(result.one())


async def find_proof(transaction: AsyncConnection, proof_id: int, *, owner_id: int | None) -> ProofRow | None:
    """Return the proof of that id, an owner's own only with an `owner_id`; or None."""
    query = select(proofs).where(proofs.c.id == proof_id)
    if owner_id is not None:
        query = query.where(proofs.c.owner_id == owner_id)
    row = (await transaction.execute(query)).one_or_none()
    return None if row is None else _proof(row)


async def registrations_of(transaction: AsyncConnection, proof_id: int) -> tuple[int, ...]:
    """Return the ids of the registrations a proof is for."""
    query = (
        select(proof_registrations.c.registration_id)
        .where(proof_registrations.c.proof_id == proof_id)
        .order_by(proof_registrations.c.registration_id)
    )
    return tuple((await transaction.execute(query)).scalars())


async def share_proofs(transaction: AsyncConnection, registration_id: int, *, with_id: int) -> None:
    """Let what was given for one registration count for another as well."""
    theirs = (
        select(proofs.c.id, literal(with_id))
        .join(proof_registrations, proof_registrations.c.proof_id == proofs.c.id)
        .where(
            proof_registrations.c.registration_id == registration_id,
            proofs.c.state == ProofState.GIVEN,
        )
    )
    columns = [proof_registrations.c.proof_id, proof_registrations.c.registration_id]
    await transaction.execute(insert(proof_registrations).from_select(columns, theirs))


async def proofs_of(transaction: AsyncConnection, registration_id: int) -> tuple[ProofRow, ...]:
    """Return a registration's proofs, oldest first, whatever became of them."""
    query = (
        select(proofs)
        .join(proof_registrations, proof_registrations.c.proof_id == proofs.c.id)
        .where(proof_registrations.c.registration_id == registration_id)
        .order_by(proofs.c.id)
    )
    return tuple(_proof(row) for row in await transaction.execute(query))


async def pending_proofs(
    transaction: AsyncConnection,
    kind: ProofKind,
    *,
    now: int,
    after_id: int = 0,
    limit: int = 100,
) -> tuple[ProofRow, ...]:
    """Return a page of those of a kind that can still be completed, oldest first."""
    query = select(proofs).where(
        proofs.c.kind == kind,
        proofs.c.state == ProofState.PENDING,
        proofs.c.expires_at > now,
        proofs.c.id > after_id,
    )
    query = query.order_by(proofs.c.id).limit(limit)
    return tuple(_proof(row) for row in await transaction.execute(query))


async def with_letter(transaction: AsyncConnection, ids: Collection[int], *, now: int) -> frozenset[int]:
    """Return those of these registrations whose letter waits for an operator."""
    query = (
        select(proof_registrations.c.registration_id)
        .join(proofs, proofs.c.id == proof_registrations.c.proof_id)
        .where(
            proof_registrations.c.registration_id.in_(ids),
            proofs.c.kind == ProofKind.LETTER,
            proofs.c.state == ProofState.PENDING,
            proofs.c.expires_at > now,
        )
    )
    return frozenset((await transaction.execute(query)).scalars())


async def pending_calls(
    transaction: AsyncConnection, tn: str, *, destination: str, now: int
) -> tuple[ProofRow, ...]:
    """Return the calls that are waited for from this number to that one, oldest first.

    By the number and not by the page: however many others wait, whoever calls is not kept out by them.
    """
    query = (
        select(proofs)
        .join(proof_registrations, proof_registrations.c.proof_id == proofs.c.id)
        .join(registrations, registrations.c.id == proof_registrations.c.registration_id)
        .where(
            proofs.c.kind == ProofKind.CALL,
            proofs.c.state == ProofState.PENDING,
            proofs.c.destination == destination,
            proofs.c.expires_at > now,
            registrations.c.start == tn,
        )
        .order_by(proofs.c.id)
    )
    return tuple(_proof(row) for row in await transaction.execute(query))


async def forget_statements(transaction: AsyncConnection, *, owner_id: int, now: int) -> None:
    """Void what an owner has not completed, and remove what its letters say."""
    mine = proofs.c.owner_id == owner_id
    await transaction.execute(update(proofs).where(mine).values(statement=None, code_hash=None, salt=None))
    await transaction.execute(
        update(proofs)
        .where(mine, proofs.c.state == ProofState.PENDING)
        .values(state=ProofState.VOID.value, expires_at=now)
    )


def given(rows: Collection[ProofRow]) -> tuple[Proof, ...]:
    """Those that were given, as the registry looks at them."""
    return tuple(
        Proof(row.kind, since=row.since, until=row.until)
        for row in rows
        if row.state is ProofState.GIVEN and row.since is not None and row.until is not None
    )


def _proof(row: Row[*tuple[object, ...]]) -> ProofRow:
    return ProofRow(
        id=row.id,
        owner_id=row.owner_id,
        kind=ProofKind(row.kind),
        state=ProofState(row.state),
        created_at=row.created_at,
        created_by=row.created_by,
        expires_at=row.expires_at,
        since=row.since_at,
        until=row.until_at,
        salt=None if row.salt is None else bytes.fromhex(row.salt),
        code_hash=row.code_hash,
        tries=row.tries,
        destination=row.destination,
        statement=row.statement,
        first_check_by=row.first_check_by,
        second_check_by=row.second_check_by,
    )
