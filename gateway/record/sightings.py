"""Sightings in SQL: one row per complaint (or other evidence) about one number on one day from one feed.

What makes two sightings the same one is `gateway.reputation.sighting`'s decision (feed, day, number,
reporter) and this table's key: adding one again changes nothing, so a file can be read twice.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, NamedTuple

from sqlalchemy import Row, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
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


class SightingRow(NamedTuple):
    """A sighting as the table has it, days as ISO dates. Sorted, rows are in the order of the key."""

    tn: str
    feed: str
    day: str
    reporter: str
    weight: float
    label: str
    last_day: str
    path: str


def row_of(sighting: Sighting) -> SightingRow:
    """Return the row of a sighting whose number was never released."""
    return SightingRow(
        sighting.tn,
        sighting.feed,
        sighting.day.isoformat(),
        sighting.reporter,
        sighting.weight,
        sighting.label,
        sighting.last_day_counted.isoformat(),
        sighting.path,
    )


async def add_sightings(transaction: AsyncConnection, batch: Iterable[Sighting]) -> SightingCounts:
    """Add what is not there yet, in whatever order it comes. Does as `add_rows` does."""
    return await add_rows(transaction, sorted(map(row_of, batch)))


async def add_rows(
    transaction: AsyncConnection, rows: Sequence[SightingRow], *, import_id: int | None = None
) -> SightingCounts:
    """Add the rows that are not there yet. In the order of the key each page of a big table is touched once.

    Batches of some ten thousand are best. What was seen of a number on days before it was released counts no
    more, however late it comes. Raises IntegrityError for an import that does not exist.
    """
    if not rows:
        return SightingCounts(inserted=0, merged=0)
    tns = [row.tn for row in rows]
    # Few numbers ever are: to ask for a range costs less than to name ten thousand.
    released = await release_days(transaction, first=min(tns), last=max(tns))
    values = [(*_after_release(row, released), import_id) for row in rows]
    if transaction.dialect.name == "postgresql":
        inserted = await _insert_counted(transaction, values)
    else:
        # The driver's own loop: a tenth of what SQLAlchemy's takes for each row.
        done = await transaction.exec_driver_sql(_SQLITE_INSERT, values)
        inserted = done.rowcount
    return SightingCounts(inserted=inserted, merged=len(rows) - inserted)


_COLUMNS: Final = (*SightingRow._fields, "import_id")
_SQLITE_INSERT: Final = (
    f"INSERT INTO {sightings.name} ({', '.join(_COLUMNS)}) "  # noqa: S608 - names of ours alone
    f"VALUES ({', '.join('?' * len(_COLUMNS))}) ON CONFLICT DO NOTHING"
)


async def _insert_counted(transaction: AsyncConnection, values: Sequence[tuple[object, ...]]) -> int:
    """Insert and count by what comes back: PostgreSQL's driver has no row count for many rows at once."""
    statement = insert(sightings).on_conflict_do_nothing().returning(sightings.c.tn)
    rows = [dict(zip(_COLUMNS, value, strict=True)) for value in values]
    return len((await transaction.execute(statement, rows)).all())


def _after_release(row: SightingRow, released: Mapping[str, date]) -> SightingRow:
    on = released.get(row.tn)
    if on is None:
        return row
    last = last_day_after_release(date.fromisoformat(row.day), date.fromisoformat(row.last_day), on)
    return row._replace(last_day=last.isoformat())


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
