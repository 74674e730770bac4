"""Reputation from the record into Redis: what a few numbers are worth now, or all of them.

The record is the truth and Redis can be made again from it at any time. A node brings Redis up to date
when it starts (`bring_up_to_date`): the record may have changed while Redis, or the node, was not there.
The plan files tell (`allocations`) which ranges lie between area and exchange.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Iterable, Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from typing import Final

from gateway.control.evidence.importing import ImportReport
from gateway.knowledge.importers.loader import Known, LoadError, ReputationLoader
from gateway.knowledge.keys import PARTITIONS
from gateway.knowledge.servers import EVERY_PARTITION
from gateway.numbers.allocations import Allocations
from gateway.numbers.canonical import TelephoneNumber
from gateway.record.engine import Record
from gateway.record.sightings import count_numbers, every_sighting, sightings_of_area, sightings_of_each
from gateway.record.sources import source_weights
from gateway.reputation.blocks import Level, block_of, has_blocks
from gateway.reputation.neighbourhood import Area, AreaBuilder, area_of, number_days
from gateway.reputation.precision import weigh
from gateway.reputation.score import summarise
from gateway.reputation.sighting import Sighting

TOGETHER: Final = 500
"""Numbers looked up at once."""
MOST_AREAS: Final = 50
"""Areas whose blocks are summed up anew one by one; past that, all of the record is read once."""
SECONDS_A_DAY: Final = 86_400

Progress = Callable[[int], None]


async def rebuild_cache(
    record: Record,
    loader: ReputationLoader,
    *,
    now: int,
    allocations: Allocations | None = None,
    partitions: AbstractSet[int] = EVERY_PARTITION,
    progress: Progress | None = None,
) -> int:
    """Make partitions of Redis anew from the record; how many numbers are in them.

    Raises LoadError, RecordError. What will not fit is refused before anything is removed.
    """
    today = datetime.fromtimestamp(now, UTC).date()
    async with record.read() as transaction:
        numbers = await count_numbers(transaction, today=today)
        exchanges = await count_numbers(transaction, today=today, less_digits=Level.EXCHANGE.dropped)
    await loader.check_room(numbers=numbers, exchanges=exchanges, partitions=partitions)
    entries = entries_of(record, now=now, allocations=allocations)
    return await loader.rebuild(entries, partitions=partitions, progress=progress)


async def bring_up_to_date(
    record: Record,
    loader: ReputationLoader,
    *,
    now: int,
    allocations: Allocations | None = None,
    partitions: AbstractSet[int] = EVERY_PARTITION,
    progress: Progress | None = None,
) -> int:
    """Write every number over what is there, without a moment of *unknown*; rebuild what is not whole.

    Returns how many numbers were written. Raises LoadError, RecordError; LoadError also where partitions are
    away, after the others were written.
    """
    marks = await loader.look()
    written = 0
    if missing := marks.missing & partitions:
        written += await rebuild_cache(
            record, loader, now=now, allocations=allocations, partitions=missing, progress=progress
        )
    if whole := marks.complete & partitions:
        async for batch in entries_of(record, now=now, allocations=allocations):
            written += await loader.update(batch, partitions=whole)
            if progress is not None:
                progress(written)
    check_all_there(marks.away & partitions)
    return written


def check_all_there(away: AbstractSet[int]) -> None:
    """Raise LoadError where partitions are away: what is there has been written."""
    if away:
        raise LoadError(
            f"Redis does not answer for {len(away)} of {PARTITIONS} partitions: they get what is theirs as "
            "soon as it does"
        )


async def cache_import(
    record: Record,
    loader: ReputationLoader,
    report: ImportReport,
    *,
    now: int,
    allocations: Allocations | None = None,
    progress: Progress | None = None,
) -> int:
    """Bring the numbers an import named up to date in Redis. Raises LoadError, RecordError."""
    areas = {area_of(tn) for tn in report.touched or () if has_blocks(tn)}
    if report.touched is None or len(areas) > MOST_AREAS or (await loader.look()).missing:
        return await bring_up_to_date(record, loader, now=now, allocations=allocations, progress=progress)
    return await cache_numbers(
        record, loader, report.touched, now=now, allocations=allocations, progress=progress
    )


async def cache_numbers(
    record: Record,
    loader: ReputationLoader,
    touched: Collection[TelephoneNumber],
    *,
    now: int,
    allocations: Allocations | None = None,
    progress: Progress | None = None,
) -> int:
    """Bring some numbers and the blocks around them up to date in Redis.

    Raises as `bring_up_to_date` does.
    """
    away = (await loader.look()).away
    there = EVERY_PARTITION - away
    written = await cache_entries(record, loader, touched, now=now, partitions=there, progress=progress)
    await _cache_blocks(record, loader, touched, now=now, allocations=allocations, partitions=there)
    check_all_there(away)
    return written


async def cache_entries(
    record: Record,
    loader: ReputationLoader,
    touched: Collection[TelephoneNumber],
    *,
    now: int,
    partitions: AbstractSet[int] = EVERY_PARTITION,
    progress: Progress | None = None,
) -> int:
    """The same without the blocks around them."""
    today = datetime.fromtimestamp(now, UTC).date()
    # In their order, so that each page of the table and each exchange's key in Redis is met once.
    numbers, written = sorted(touched), 0
    async with record.read() as transaction:
        weights = await source_weights(transaction)
        for first in range(0, len(numbers), TOGETHER):
            found = await sightings_of_each(transaction, numbers[first : first + TOGETHER], today=today)
            known = [
                (tn, summarise(weigh(each, weights), today=now // SECONDS_A_DAY))
                for tn, each in found.items()
            ]
            written += await loader.update(known, partitions=partitions)
            if progress is not None:
                progress(written)
    return written


async def _cache_blocks(
    record: Record,
    loader: ReputationLoader,
    touched: Collection[TelephoneNumber],
    *,
    now: int,
    allocations: Allocations | None,
    partitions: AbstractSet[int],
) -> None:
    today = datetime.fromtimestamp(now, UTC).date()
    async with record.read() as transaction:
        weights = await source_weights(transaction)
        for (length, digits), exchanges in _exchanges_by_area(touched).items():
            builder = AreaBuilder(today=now // SECONDS_A_DAY, allocations=allocations)
            sightings = await sightings_of_area(transaction, length, digits, today=today)
            for seen in number_days(weigh(sightings, weights)):
                builder.add(seen)
            areas = [area.only(exchanges) for area in builder.rest()]
            await loader.update(areas, partitions=partitions)
            gone = exchanges.difference(*(area.evidence for area in areas))
            await loader.forget_blocks(gone, partitions=partitions)


def _exchanges_by_area(numbers: Iterable[TelephoneNumber]) -> dict[tuple[int, str], set[str]]:
    """The exchanges whose blocks are written anew; other exchanges of an area keep its evidence as it was."""
    found: dict[tuple[int, str], set[str]] = {}
    for tn in filter(has_blocks, numbers):
        found.setdefault(area_of(tn), set()).add(block_of(tn, Level.EXCHANGE))
    return found


async def entries_of(
    record: Record, *, now: int, allocations: Allocations | None
) -> AsyncIterator[Sequence[Known | Area]]:
    """Every number of the record that still counts, with its entry, in order; each area after its numbers."""
    today = datetime.fromtimestamp(now, UTC).date()
    builder = AreaBuilder(today=now // SECONDS_A_DAY, allocations=allocations)
    # The last number of a batch may go on in the next.
    unfinished: list[Sighting] = []
    async with record.read() as transaction:
        weights = await source_weights(transaction)
        async for batch in every_sighting(transaction, today=today):
            known: list[Known | Area] = []
            for sighting in weigh(batch, weights):
                if unfinished and unfinished[0].tn != sighting.tn:
                    known += _known(unfinished, builder, now)
                    unfinished = []
                unfinished.append(sighting)
            yield known
    if unfinished:
        yield _known(unfinished, builder, now)
    for area in builder.rest():
        yield [area]


def _known(sightings: list[Sighting], builder: AreaBuilder, now: int) -> list[Known | Area]:
    """What is known of one number, and the areas that are whole now that it is there."""
    found: list[Known | Area] = [(sightings[0].tn, summarise(sightings, today=now // SECONDS_A_DAY))]
    found += [area for seen in number_days(sightings) if (area := builder.add(seen)) is not None]
    return found
