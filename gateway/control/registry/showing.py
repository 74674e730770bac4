"""Reading the registry: registrations with their proofs and history, proofs, notices."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.control.registry.claims import find_own
from gateway.record.engine import Record
from gateway.record.notices import Notice, read_notices
from gateway.record.proofs import ProofRow, proofs_of
from gateway.record.registrations import RegistrationEvent, read_events, read_registrations
from gateway.registry.policy import Combination, RegistryPolicy
from gateway.registry.registration import Registration
from gateway.registry.states import State


@dataclass(frozen=True, slots=True)
class Shown:
    """A registration with all that belongs to it."""

    registration: Registration
    proofs: tuple[ProofRow, ...]
    events: tuple[RegistrationEvent, ...]
    sufficient: tuple[Combination, ...]


async def show_registration(
    record: Record, registration_id: int, *, owner_id: int | None, policy: RegistryPolicy
) -> Shown:
    """Return a registration. Raises CommandError."""
    async with record.read() as transaction:
        registration = await find_own(transaction, registration_id, owner_id=owner_id)
        return Shown(
            registration,
            await proofs_of(transaction, registration_id),
            await read_events(transaction, registration_id),
            policy.sufficient[policy.classify(registration.numbers, registration.use)],
        )


async def list_registrations(
    record: Record, *, owner_id: int | None, state: State | None, after_id: int, limit: int
) -> tuple[Registration, ...]:
    """Return a page, oldest first."""
    async with record.read() as transaction:
        return await read_registrations(
            transaction, owner_id=owner_id, state=state, after_id=after_id, limit=limit
        )


async def list_notices(record: Record, owner_id: int, *, limit: int) -> tuple[Notice, ...]:
    """Return what an owner was told, the newest first."""
    async with record.read() as transaction:
        return await read_notices(transaction, owner_id=owner_id, limit=limit)
