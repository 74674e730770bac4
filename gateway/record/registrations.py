"""Registrations as rows: read, written, and found by the numbers they have in common.

Whoever asks on an owner's behalf gives the owner's id, and finds nobody else's: for a foreign row the answer
is that of a missing one. What may happen to a registration, `gateway.registry` decides.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, Row, and_, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.facts.blocks import FREE_DIGIT, split_range
from gateway.numbers.canonical import TelephoneNumber
from gateway.numbers.ranges import NumberRange
from gateway.record.registry_tables import owners, registration_blocks, registration_events, registrations
from gateway.registry.registration import Brand, Registration, Use
from gateway.registry.states import IN_FORCE, State, Step

_ROWS_AT_ONCE: Final = 5_000
_OVERLAPS_AT_ONCE: Final = 200
"""Conditions in one statement: SQLite allows an expression of a thousand levels."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A registration in force, with the name calls are told."""

    registration: Registration
    owner_name: str


@dataclass(frozen=True, slots=True)
class RegistrationEvent:
    """One transition: who, when, why. `at` in epoch seconds."""

    at: int
    actor: str
    step: str
    state: State
    why: str


async def insert_registrations(
    transaction: AsyncConnection, wanted: Sequence[Registration], *, now: int
) -> tuple[int, ...]:
    """Add registrations in the state they have, whatever their ids; return the new ids in that order."""
    rows = [_values(each) | {"created_at": now, "changed_at": now} for each in wanted]
    result = await transaction.execute(
        insert(registrations).returning(registrations.c.id, sort_by_parameter_order=True), rows
    )
    ids = tuple(row.id for row in result)
    await _insert_blocks(transaction, zip(ids, wanted, strict=True))
    return ids


async def _insert_blocks(transaction: AsyncConnection, added: Iterable[tuple[int, Registration]]) -> None:
    blocks = [
        _block(block) | {"registration_id": registration_id}
        for registration_id, each in added
        for block in split_range(each.numbers.start, each.numbers.count)
    ]
    await transaction.execute(insert(registration_blocks), blocks)


async def update_registration(transaction: AsyncConnection, changed: Registration, *, now: int) -> None:
    """Put a registration's new values in the place of its old ones."""
    await transaction.execute(
        update(registrations)
        .where(registrations.c.id == changed.id)
        .values(_values(changed) | {"changed_at": now})
    )
    if changed.state is State.WITHDRAWN:
        await _delete_blocks(transaction, changed.id)


async def narrow_registration(transaction: AsyncConnection, changed: Registration, *, now: int) -> None:
    """The same for one that has lost some of its numbers."""
    await update_registration(transaction, changed, now=now)
    await _delete_blocks(transaction, changed.id)
    await _insert_blocks(transaction, [(changed.id, changed)])


async def _delete_blocks(transaction: AsyncConnection, registration_id: int) -> None:
    await transaction.execute(
        delete(registration_blocks).where(registration_blocks.c.registration_id == registration_id)
    )


async def find_registrations(
    transaction: AsyncConnection, ids: Collection[int], *, owner_id: int | None
) -> dict[int, Registration]:
    """Return those of these ids that are there, by id; an owner's own only, with an `owner_id`."""
    query = select(registrations).where(registrations.c.id.in_(ids))
    if owner_id is not None:
        query = query.where(registrations.c.owner_id == owner_id)
    return {row.id: _registration(row) for row in await transaction.execute(query)}


async def read_registrations(
    transaction: AsyncConnection,
    *,
    owner_id: int | None,
    state: State | None = None,
    after_id: int = 0,
    limit: int = 100,
) -> tuple[Registration, ...]:
    """Return a page, oldest first; of every owner's without an `owner_id`."""
    query = select(registrations).where(registrations.c.id > after_id)
    if owner_id is not None:
        query = query.where(registrations.c.owner_id == owner_id)
    if state is not None:
        query = query.where(registrations.c.state == state)
    query = query.order_by(registrations.c.id).limit(limit)
    return tuple(_registration(row) for row in await transaction.execute(query))


async def count_registrations(transaction: AsyncConnection, *, owner_id: int) -> dict[State, int]:
    """Return how many an owner has in each state."""
    query = (
        select(registrations.c.state, func.count())
        .where(registrations.c.owner_id == owner_id)
        .group_by(registrations.c.state)
    )
    return {State(state): count for state, count in await transaction.execute(query)}


async def count_up_to(transaction: AsyncConnection, *, owner_id: int, state: State, most: int) -> int:
    """Return how many an owner has in a state; `most + 1` for more."""
    found = (
        select(registrations.c.id)
        .where(registrations.c.owner_id == owner_id, registrations.c.state == state)
        .limit(most + 1)
    )
    return (await transaction.execute(select(func.count()).select_from(found.subquery()))).scalar_one()


async def overlapping(
    transaction: AsyncConnection,
    *ranges: NumberRange,
    states: Collection[State],
    owner_id: int | None = None,
    limit: int | None = None,
) -> tuple[Registration, ...]:
    """Return registrations in these states, which are live ones, that have any of the numbers, oldest first.

    Of whatever owner without an `owner_id`; at most about `limit`.
    """
    found: dict[int, Registration] = {}
    conditions = [_touches(block) for each in ranges for block in split_range(each.start, each.count)]
    for first in range(0, len(conditions), _OVERLAPS_AT_ONCE):
        ids = select(registration_blocks.c.registration_id).where(
            or_(*conditions[first : first + _OVERLAPS_AT_ONCE])
        )
        query = (
            select(registrations)
            .where(registrations.c.id.in_(ids), registrations.c.state.in_(states))
            .order_by(registrations.c.id)
        )
        if owner_id is not None:
            # An expression and not the column: its index would lead through all that a great owner has.
            query = query.where(registrations.c.owner_id + 0 == owner_id)
        if limit is not None:
            query = query.limit(limit)
        found |= {row.id: _registration(row) for row in await transaction.execute(query)}
    return tuple(found[key] for key in sorted(found))


async def ending_before(
    transaction: AsyncConnection, moment: int, *, states: Collection[State], limit: int
) -> tuple[Registration, ...]:
    """Return registrations in these states whose proofs end before that moment, the first to end first."""
    query = (
        select(registrations)
        .where(registrations.c.until_at < moment, registrations.c.state.in_(states))
        .order_by(registrations.c.until_at)
        .limit(limit)
    )
    return tuple(_registration(row) for row in await transaction.execute(query))


async def standing_registrations(
    transaction: AsyncConnection, *, now: int, only_ids: Sequence[int] | None = None
) -> AsyncIterator[list[Standing]]:
    """Yield, in batches, the registrations in force at `now`; of `only_ids` if given."""
    query = (
        select(registrations, owners.c.name.label("owner_name"))
        .join(owners, owners.c.id == registrations.c.owner_id)
        .where(registrations.c.state.in_(IN_FORCE), registrations.c.until_at > now)
    )
    if only_ids is not None:
        query = query.where(registrations.c.id.in_(only_ids))
    stream = await transaction.stream(query, execution_options={"yield_per": _ROWS_AT_ONCE})
    async for rows in stream.partitions():
        yield [Standing(_registration(row), row.owner_name) for row in rows]


async def forget_brands(transaction: AsyncConnection, *, owner_id: int) -> None:
    """Remove the names and logos of an owner's registrations."""
    nothing = dict.fromkeys(("brand_name", "brand_logo_url", "brand_logo_digest", "brand_call_reason"))
    await transaction.execute(
        update(registrations).where(registrations.c.owner_id == owner_id).values(nothing)
    )


async def add_event(
    transaction: AsyncConnection,
    registration_id: int,
    *,
    at: int,
    actor: str,
    step: Step,
    state: State,
    why: str,
) -> None:
    """Note a transition."""
    values = {"registration_id": registration_id, "at": at, "actor": actor, "step": step, "state": state}
    await transaction.execute(insert(registration_events).values(values | {"why": why}))


async def read_events(transaction: AsyncConnection, registration_id: int) -> tuple[RegistrationEvent, ...]:
    """Return a registration's transitions, oldest first."""
    query = (
        select(registration_events)
        .where(registration_events.c.registration_id == registration_id)
        .order_by(registration_events.c.id)
    )
    return tuple(
        RegistrationEvent(row.at, row.actor, row.step, State(row.state), row.why)
        for row in await transaction.execute(query)
    )


def _touches(block: str) -> ColumnElement[bool]:
    """The blocks that have a number in common with this one: it, those around it, those within it."""
    prefix, digits = block.rstrip(FREE_DIGIT), len(block)
    around = [prefix[:length] for length in range(1, len(prefix) + 1)]
    column = registration_blocks.c.prefix
    within = column > prefix
    following = str(int(prefix) + 1).zfill(len(prefix)) if prefix.isdigit() else prefix
    if len(following) == len(prefix):
        within = and_(within, column < following)
    same_length = registration_blocks.c.digits == digits
    # Said twice: SQLite walks its index for each side of an OR, but not for one inside an AND.
    return or_(and_(same_length, column.in_(around)), and_(same_length, within))


def _block(block: str) -> dict[str, object]:
    return {"digits": len(block), "prefix": block.rstrip(FREE_DIGIT)}


def _values(each: Registration) -> dict[str, object]:
    brand = each.brand
    return {
        "owner_id": each.owner_id,
        "start": each.numbers.start,
        "number_count": each.numbers.count,
        "use": each.use.value,
        "trunks": " ".join(sorted(each.trunks)),
        "providers": " ".join(sorted(each.providers)),
        "brand_name": None if brand is None else brand.name,
        "brand_logo_url": None if brand is None else brand.logo_url,
        "brand_logo_digest": None if brand is None else brand.logo_digest,
        "brand_call_reason": None if brand is None else brand.call_reason,
        "state": each.state.value,
        "until_at": each.until,
    }


def _registration(row: Row[*tuple[object, ...]]) -> Registration:
    brand = None
    if row.brand_name is not None:
        brand = Brand(
            row.brand_name,
            logo_url=row.brand_logo_url,
            logo_digest=row.brand_logo_digest,
            call_reason=row.brand_call_reason,
        )
    return Registration(
        id=row.id,
        owner_id=row.owner_id,
        numbers=NumberRange(TelephoneNumber(row.start), row.number_count),
        use=Use(row.use),
        trunks=frozenset(row.trunks.split()),
        providers=frozenset(row.providers.split()),
        brand=brand,
        state=State(row.state),
        until=row.until_at,
    )
