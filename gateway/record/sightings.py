"""Sightings in SQL: one row per complaint (or other evidence) about one number on one day from one feed.

What makes two sightings the same one is `gateway.reputation.sighting`'s decision (feed, day, number,
reporter) and this table's key: adding one again changes nothing, so a file can be read twice.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from sqlalchemy import Row, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.numbers.canonical import TelephoneNumber
from gateway.numbers.ranges import NumberRange
from gateway.record.disputes import release_days
from gateway.record.schema import sightings
from gateway.reputation.dispute import last_day_after_release
from gateway.reputation.sighting import Sighting

_ROWS_AT_ONCE: Final = 1_000
"""Turning so many rows into sightings takes some 10 ms, in which the process answers nobody."""


@dataclass(frozen=True, slots=True)
class SightingCounts:
    """What became of a batch: new rows, and rows that were there already."""

    inserted: int
    merged: int


async def add_sightings(
    transaction: AsyncConnection, batch: Sequence[Sighting], *, import_id: int | None = None
) -> SightingCounts:
    """Add what is not there yet. Batches of some ten thousand are best; order does not matter.

    What was seen of a number on days before it was released counts no more, however late it comes.
    Raises IntegrityError for an import that does not exist.
    """
    if not batch:
        return SightingCounts(inserted=0, merged=0)
    released = await release_days(transaction, {sighting.tn for sighting in batch})
    # In the order of the key, so that each page of a big table is touched once a batch.
    rows = [
        {
            "tn": sighting.tn,
            "feed": sighting.feed,
            "day": sighting.day.isoformat(),
            "reporter": sighting.reporter,
            "weight": sighting.weight,
            "label": sighting.label,
            "last_day": last_day_after_release(
                sighting.day, sighting.last_day_counted, released.get(sighting.tn)
            ).isoformat(),
            "path": sighting.path,
            "import_id": import_id,
        }
        for sighting in sorted(batch, key=lambda each: (each.tn, each.feed, each.day, each.reporter))
    ]
    # Both dialects have the clause, under names of their own. The rows are counted by what comes
    # back: PostgreSQL's drivers give no row count for many rows at once.
    dialect = postgresql if transaction.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(sightings).on_conflict_do_nothing().returning(sightings.c.tn)
    inserted = len((await transaction.execute(statement, rows)).all())
    return SightingCounts(inserted=inserted, merged=len(rows) - inserted)


async def sightings_of(
    transaction: AsyncConnection, tn: TelephoneNumber, *, today: date
) -> tuple[Sighting, ...]:
    """Return what is known of one number and still counts `today`, newest day first."""
    query = (
        select(sightings)
        .where(sightings.c.tn == tn, sightings.c.last_day >= today.isoformat())
        .order_by(sightings.c.day.desc(), sightings.c.feed, sightings.c.reporter)
    )
    return tuple(_sighting(row) for row in await transaction.execute(query))


async def sightings_of_each(
    transaction: AsyncConnection, tns: Sequence[TelephoneNumber], *, today: date
) -> dict[TelephoneNumber, list[Sighting]]:
    """Return the same of some hundred numbers at once; one of which nothing is known has an empty list."""
    query = select(sightings).where(sightings.c.tn.in_(tns), sightings.c.last_day >= today.isoformat())
    found: dict[TelephoneNumber, list[Sighting]] = {tn: [] for tn in tns}
    for row in await transaction.execute(query):
        found[row.tn].append(_sighting(row))
    return found


async def every_sighting(transaction: AsyncConnection, *, today: date) -> AsyncIterator[list[Sighting]]:
    """Yield all that still counts `today`, in batches in the order of the numbers, in bounded memory."""
    query = (
        select(sightings)
        .where(sightings.c.last_day >= today.isoformat())
        .order_by(sightings.c.tn, sightings.c.feed, sightings.c.day)
    )
    stream = await transaction.stream(query, execution_options={"yield_per": _ROWS_AT_ONCE})
    async for rows in stream.partitions():
        yield [_sighting(row) for row in rows]


async def sightings_of_area(
    transaction: AsyncConnection, length: int, digits: str, *, today: date
) -> list[Sighting]:
    """Return the same of the numbers of one length that begin with `digits`, in the order of the numbers."""
    rest = length - len(digits)
    query = (
        select(sightings)
        .where(
            sightings.c.tn.between(digits + "0" * rest, digits + "9" * rest),
            func.length(sightings.c.tn) == length,
            sightings.c.last_day >= today.isoformat(),
        )
        .order_by(sightings.c.tn, sightings.c.feed, sightings.c.day)
    )
    return [_sighting(row) for row in await transaction.execute(query)]


async def most_reported(
    transaction: AsyncConnection, numbers: NumberRange, *, today: date, limit: int
) -> tuple[TelephoneNumber, ...]:
    """Return the numbers of a range with the most sightings that still count `today`, most first."""
    c = sightings.c
    query = (
        select(c.tn)
        .where(
            c.tn.between(numbers.start, numbers.last),
            func.length(c.tn) == len(numbers.start),
            c.last_day >= today.isoformat(),
        )
        .group_by(c.tn)
        .order_by(func.count().desc(), c.tn)
        .limit(limit)
    )
    return tuple(TelephoneNumber(tn) for tn in (await transaction.execute(query)).scalars())


async def count_numbers(transaction: AsyncConnection, *, today: date, less_digits: int = 0) -> int:
    """How many distinct numbers have a sighting that still counts `today`; or beginnings of numbers.

    A beginning is the number less so many digits: less four it is the exchange.
    """
    tn = sightings.c.tn
    beginning = func.substr(tn, 1, func.length(tn) - less_digits) if less_digits else tn
    some = (
        select(beginning.label("tn")).distinct().where(sightings.c.last_day >= today.isoformat()).subquery()
    )
    return int((await transaction.execute(select(func.count()).select_from(some))).scalar_one())


async def expire_sightings(transaction: AsyncConnection, tn: TelephoneNumber, *, until: date) -> int:
    """Let what was seen of a number on days up to `until` count no more; how many did. The rows stay."""
    query = (
        update(sightings)
        .where(
            sightings.c.tn == tn,
            sightings.c.day <= until.isoformat(),
            sightings.c.last_day >= until.isoformat(),
        )
        .values(last_day=(until - timedelta(days=1)).isoformat())
        .returning(sightings.c.reporter)
    )
    return len((await transaction.execute(query)).all())


@dataclass(frozen=True, slots=True)
class Portion:
    """Some rows of the table: those of the numbers after one and up to another."""

    after: str
    until: TelephoneNumber
    oldest: date
    """The earliest day on which one of them last counted."""


async def next_portion(transaction: AsyncConnection, *, after: str, rows: int) -> Portion | None:
    """Return the portion of at least so many rows that follows this number; None at the end.

    A portion never parts a number's rows.
    """
    c = sightings.c
    some = select(c.tn).where(c.tn > after).order_by(c.tn).limit(rows).subquery()
    until = (await transaction.execute(select(func.max(some.c.tn)))).scalar_one_or_none()
    if until is None:
        return None
    query = select(func.min(c.last_day)).where(c.tn > after, c.tn <= until)
    return Portion(after, until, date.fromisoformat((await transaction.execute(query)).scalar_one()))


async def forget_sightings(
    transaction: AsyncConnection, portion: Portion, *, before: date
) -> set[TelephoneNumber]:
    """Remove what last counted on a day before `before`.

    Returns the numbers of which anything was removed. There is no index for it, which every import would
    have to keep: who removes looks through all of the table, portion by portion.
    """
    query = (
        delete(sightings)
        .where(
            sightings.c.tn > portion.after,
            sightings.c.tn <= portion.until,
            sightings.c.last_day < before.isoformat(),
        )
        .returning(sightings.c.tn)
    )
    return set((await transaction.execute(query)).scalars())


def _sighting(row: Row[*tuple[object, ...]]) -> Sighting:
    return Sighting(
        tn=row.tn,
        day=date.fromisoformat(row.day),
        feed=row.feed,
        reporter=row.reporter,
        weight=row.weight,
        label=row.label,
        path=row.path,
        expires=date.fromisoformat(row.last_day),
    )
