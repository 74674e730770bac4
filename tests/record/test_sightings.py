from __future__ import annotations

from datetime import date

from gateway.record.imports import advance_import, begin_import, finish_import, latest_imports
from gateway.record.sightings import (
    SightingCounts,
    add_rows,
    add_sightings,
    every_sighting,
    forget_sightings,
    next_portion,
    row_of,
    sightings_of,
)
from gateway.reputation.sighting import Sighting

TODAY = date(2025, 11, 22)


def seen(tn, reporter="1", *, day=date(2025, 11, 20), expires=date(2026, 11, 20)):
    return Sighting(tn=tn, day=day, feed="ftc-dnc", reporter=reporter, label="robocall", expires=expires)


async def add(record, *batch):
    async with record.write() as transaction:
        return await add_sightings(transaction, batch)


async def test_adding_a_batch_again_changes_nothing(record):
    batch = [seen("12155550123"), seen("12155550123", "2"), seen("12155550100")]
    assert await add(record, *batch) == SightingCounts(inserted=3, merged=0)
    assert await add(record, *batch, seen("12155550199")) == SightingCounts(inserted=1, merged=3)
    assert await add(record) == SightingCounts(inserted=0, merged=0)


async def test_a_batch_may_repeat_itself_and_be_large(record):
    batch = [seen(f"1215555{number % 2_500:04d}") for number in range(5_000)]
    assert await add(record, *batch) == SightingCounts(inserted=2_500, merged=2_500)


async def test_what_goes_in_comes_out(record):
    old = seen("12155550123", expires=date(2025, 11, 21))
    new = [seen("12155550123", "2"), seen("12155550123", day=date(2025, 11, 21))]
    await add(record, old, *new, seen("12155550100"))
    async with record.read() as transaction:
        assert await sightings_of(transaction, "12155550123", today=TODAY) == (new[1], new[0])
        batches = [batch async for batch in every_sighting(transaction, today=TODAY)]
    assert [each.tn for batch in batches for each in batch] == ["12155550100", "12155550123", "12155550123"]


async def test_what_no_longer_counts_can_be_forgotten_portion_by_portion(record):
    ended, lasting = date(2025, 11, 21), date(2026, 11, 20)
    kept = [seen(f"1215555{number:04d}", "2", expires=lasting) for number in range(10)]
    await add(record, *kept, *(seen(each.tn, expires=ended) for each in kept[:7]))
    after, forgotten, oldest = "", set(), []
    async with record.write() as transaction:
        while portion := await next_portion(transaction, after=after, rows=3):
            forgotten |= await forget_sightings(transaction, portion, before=TODAY)
            after = portion.until
            oldest.append(portion.oldest)
    assert forgotten == {each.tn for each in kept[:7]}
    assert oldest == [ended] * 4 + [lasting]
    async with record.read() as transaction:
        left = [each async for batch in every_sighting(transaction, today=date(2025, 1, 1)) for each in batch]
    assert left == kept


async def test_an_import_that_was_broken_off_is_known_with_what_it_took(record):
    file = {"feed": "ftc-dnc", "file_sha256": "a" * 64, "file_name": "2025-11-20.csv"}
    async with record.write() as transaction:
        begun = await begin_import(transaction, **file, now=5)
        counts = await add_rows(transaction, [row_of(seen("12155550123"))], import_id=begun.id)
        await advance_import(transaction, begun.id, taken=counts.inserted)
    async with record.write() as transaction:
        again = await begin_import(transaction, **file, now=9)
        assert (again.id, again.taken, again.finished_at) == (begun.id, 1, None)
        await advance_import(transaction, begun.id, taken=2)
        done = await finish_import(transaction, begun.id, lines=6, sightings=4, refused=1, now=10)
    assert (done.lines_done, done.taken, done.merged, done.refused, done.finished_at) == (6, 3, 1, 1, 10)
    async with record.read() as transaction:
        assert await latest_imports(transaction) == [done]
