"""What became of the numbers that each source named, as it was last measured."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from datetime import UTC, date, datetime
from itertools import groupby

from sqlalchemy import delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.numbers.canonical import TelephoneNumber
from gateway.record.schema import disputes, imports, sightings, sources
from gateway.reputation.dispute import DisputeState
from gateway.reputation.precision import Named, Source, SourceName

_ROWS_AT_ONCE = 1_000


async def answered_numbers(
    transaction: AsyncConnection, *, since: int
) -> list[tuple[TelephoneNumber, DisputeState, date]]:
    """Numbers whose dispute was answered after `since` (epoch seconds), each with its latest answer."""
    c = disputes.c
    query = select(c.tn, c.state, c.answered_at).where(c.answered_at > since).order_by(c.answered_at, c.id)
    latest = {row.tn: row for row in await transaction.execute(query)}
    return [
        (row.tn, DisputeState(row.state), datetime.fromtimestamp(row.answered_at, UTC).date())
        for row in latest.values()
    ]


async def named_by(transaction: AsyncConnection, tn: TelephoneNumber) -> list[Named]:
    """Who ever named a number, as far as the record still knows, by feed and reporter."""
    c = sightings.c
    query = (
        select(c.feed, c.reporter, func.min(c.day), func.max(c.day))
        .where(c.tn == tn)
        .group_by(c.feed, c.reporter)
    )
    return [_named(*row) for row in await transaction.execute(query)]


async def named_by_several(
    transaction: AsyncConnection,
) -> AsyncIterator[tuple[TelephoneNumber, list[Named]]]:
    """Yield every number that more than one feed named, with these feeds."""
    c = sightings.c
    several = select(c.tn).group_by(c.tn).having(func.min(c.feed) != func.max(c.feed)).subquery()
    query = (
        select(c.tn, c.feed, func.min(c.day), func.max(c.day))
        .join(several, several.c.tn == c.tn)
        .group_by(c.tn, c.feed)
        .order_by(c.tn)
    )
    stream = await transaction.stream(query, execution_options={"yield_per": _ROWS_AT_ONCE})
    unfinished: list[tuple[str, Named]] = []
    async for rows in stream.partitions():
        for tn, feed, first, last in rows:
            if unfinished and unfinished[0][0] != tn:
                yield TelephoneNumber(unfinished[0][0]), [named for _, named in unfinished]
                unfinished = []
            unfinished.append((tn, _named(feed, "", first, last)))
    if unfinished:
        yield TelephoneNumber(unfinished[0][0]), [named for _, named in unfinished]


async def numbers_of_reporter(
    transaction: AsyncConnection, feed: str, reporter: str
) -> list[tuple[TelephoneNumber, list[Named]]]:
    """The numbers that one reporter named and another feed did too, each with who named it."""
    c = sightings.c
    own = select(c.tn).where(c.feed == feed, c.reporter == reporter).subquery()
    query = (
        select(c.tn, c.feed, c.reporter, func.min(c.day), func.max(c.day))
        .join(own, own.c.tn == c.tn)
        .where((c.feed != feed) | (c.reporter == reporter))
        .group_by(c.tn, c.feed, c.reporter)
        .order_by(c.tn)
    )
    rows = (await transaction.execute(query)).all()
    return [
        (TelephoneNumber(tn), [_named(*row[1:]) for row in each])
        for tn, each in groupby(rows, key=lambda row: row[0])
    ]


async def feeds_seen(transaction: AsyncConnection) -> tuple[str, ...]:
    """Return every feed that there is a sighting of, files or not. Reads all sightings: for once a day."""
    query = select(sightings.c.feed).distinct().order_by(sightings.c.feed)
    return tuple((await transaction.execute(query)).scalars())


async def replace_sources(transaction: AsyncConnection, measured: Iterable[Source], *, now: int) -> None:
    """Put what was measured now in the place of what was before."""
    await transaction.execute(delete(sources))
    rows = [
        {
            "feed": each.feed,
            "reporter": each.reporter,
            "corroborated": each.corroborated,
            "contradicted": each.contradicted,
            "measured_at": now,
        }
        for each in measured
    ]
    if rows:
        await transaction.execute(insert(sources), rows)


async def read_sources(transaction: AsyncConnection) -> tuple[Source, ...]:
    """Return what was last measured, by feed and reporter."""
    query = select(sources).order_by(sources.c.feed, sources.c.reporter)
    return tuple(
        Source(row.feed, row.reporter, row.corroborated, row.contradicted)
        for row in await transaction.execute(query)
    )


async def read_feeds(transaction: AsyncConnection) -> tuple[str, ...]:
    """Return the feeds that files were imported for."""
    query = select(imports.c.feed).distinct().order_by(imports.c.feed)
    return tuple((await transaction.execute(query)).scalars())


async def source_weights(transaction: AsyncConnection) -> dict[SourceName, float]:
    """The weights of those sources that weigh less than 1."""
    return {
        (each.feed, each.reporter): each.weight for each in await read_sources(transaction) if each.weight < 1
    }


def _named(feed: str, reporter: str, first: str, last: str) -> Named:
    return Named(feed, reporter, date.fromisoformat(first), date.fromisoformat(last))
