"""Reading the registry: registrations with their proofs and history, proofs, notices."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from gateway.control.commands.problems import CommandError, Trouble
from gateway.control.registry.claims import find_own
from gateway.numbers.canonical import TelephoneNumber
from gateway.numbers.ranges import NumberRange
from gateway.record.engine import Record
from gateway.record.notices import Notice, read_notices
from gateway.record.owners import Owner, find_owner
from gateway.record.proofs import ProofRow, proofs_of, with_letter
from gateway.record.registrations import (
    RegistrationEvent,
    count_up_to,
    find_registrations,
    overlapping,
    read_events,
    read_registrations,
)
from gateway.record.sightings import most_reported
from gateway.registry.policy import Combination, RegistryPolicy
from gateway.registry.registration import Registration
from gateway.registry.states import LIVE, State

MOST_COUNTED: Final = 1_000
"""More are told as such: counting a million rows takes longer than showing a page."""
_LAST_NOTICES: Final = 5


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


@dataclass(frozen=True, slots=True)
class Overview:
    """An owner with a page of its registrations, how many wait for somebody, and what it was told last."""

    owner: Owner
    registrations: tuple[Registration, ...]
    counts: Mapping[State, int]
    """Of each state that is asked for, up to `MOST_COUNTED`."""
    notices: tuple[Notice, ...]
    with_operator: frozenset[int]
    """Registrations of the page, by id, whose letter waits for an operator."""

    def with_rows(self, found: Found) -> Overview:
        """The same with other registrations."""
        return replace(self, registrations=found.registrations, with_operator=found.with_operator)


@dataclass(frozen=True, slots=True)
class Found:
    """Registrations that were looked for, and those of them whose letter waits for an operator."""

    registrations: tuple[Registration, ...]
    with_operator: frozenset[int]


async def show_overview(
    record: Record, owner_id: int, *, state: State | None, after_id: int, limit: int, now: int
) -> Overview:
    """Return what an owner sees first. Raises CommandError."""
    async with record.read() as transaction:
        owner = await find_owner(transaction, owner_id)
        if owner is None:
            raise CommandError(f"there is no owner {owner_id}", trouble=Trouble.MISSING)
        rows = await read_registrations(
            transaction, owner_id=owner_id, state=state, after_id=after_id, limit=limit
        )
        return Overview(
            owner,
            rows,
            {
                each: await count_up_to(transaction, owner_id=owner_id, state=each, most=MOST_COUNTED)
                for each in LIVE
            },
            await read_notices(transaction, owner_id=owner_id, limit=_LAST_NOTICES),
            await with_letter(transaction, [each.id for each in rows], now=now),
        )


async def find_own_numbers(
    record: Record, numbers: NumberRange, *, owner_id: int, limit: int, now: int
) -> Found:
    """Return an owner's live registrations that have any of the numbers."""
    async with record.read() as transaction:
        rows = await overlapping(transaction, numbers, states=LIVE, owner_id=owner_id, limit=limit)
        rows = rows[:limit]
        return Found(rows, await with_letter(transaction, [each.id for each in rows], now=now))


async def find_reported(
    record: Record, numbers: NumberRange, *, now: int, limit: int
) -> tuple[TelephoneNumber, ...]:
    """Return those of the numbers that most is said of today, most first."""
    today = datetime.fromtimestamp(now, UTC).date()
    async with record.read() as transaction:
        return await most_reported(transaction, numbers, today=today, limit=limit)


async def find_numbers(
    record: Record, ids: Collection[int], *, owner_id: int | None
) -> tuple[Registration, ...]:
    """Return those of these registrations that may be seen, by id."""
    async with record.read() as transaction:
        found = await find_registrations(transaction, ids, owner_id=owner_id)
    return tuple(found[each] for each in sorted(found))


async def list_notices(record: Record, owner_id: int, *, limit: int) -> tuple[Notice, ...]:
    """Return what an owner was told, the newest first."""
    async with record.read() as transaction:
        return await read_notices(transaction, owner_id=owner_id, limit=limit)
