from __future__ import annotations

import pytest

from gateway.control.evidence.importing import ImportRequest, import_file
from gateway.control.evidence.reputation_cache import (
    bring_up_to_date,
    cache_import,
    cache_numbers,
    rebuild_cache,
)
from gateway.knowledge.batch import Knowledge
from gateway.knowledge.connect import FOR_LOADING, connect
from gateway.knowledge.importers.loader import LoadError, ReputationLoader
from gateway.knowledge.store import Store
from gateway.numbers.allocations import Allocations, Block, BlockStatus, Holding
from gateway.numbers.ranges import NumberRange
from gateway.record import open_record
from gateway.record.sightings import expire_sightings
from gateway.reputation.score import score
from tests.knowledge.asking import TODAY, ask_until_whole
from tests.valkey import running_valkey

NOW = TODAY * 86_400
TN, ANOTHER, NEVER = "12025550123", "12025550124", "12025550199"


@pytest.fixture
async def parts(tmp_path):
    record = await open_record(tmp_path / "record.sqlite")
    with running_valkey() as valkey:
        patient = connect(valkey.url, patience=FOR_LOADING)
        async with Store(connect(valkey.url)) as store:
            yield record, ReputationLoader(patient), Knowledge(store)
        await patient.aclose()
    await record.close()


@pytest.fixture
def listing(tmp_path):
    def read(record, rows: str, name: str = "list.csv"):
        path = tmp_path / name
        path.write_text("tn,reporter\n" + rows)
        request = ImportRequest(path=path, format="csv", feed="partner", day=_today())
        return import_file(record, request, actor="test", now=NOW)

    return read


def _today():
    from datetime import UTC, datetime  # noqa: PLC0415 - beside its one use

    return datetime.fromtimestamp(NOW, UTC).date()


async def scores(knowledge, *tns):
    found = await ask_until_whole(knowledge, *tns)
    return [score(found.reputation[tn], today=TODAY) for tn in tns]


async def test_what_is_imported_is_what_calls_read(parts, listing):
    record, loader, knowledge = parts
    report = await listing(record, "+12025550123,a\n+12025550123,b\n+12025550123,c\n+12025550124,a\n")
    assert await cache_import(record, loader, report, now=NOW) == 2
    assert await scores(knowledge, TN, ANOTHER, NEVER) == [0.5, 0.25, 0.0]


async def test_a_second_import_writes_its_own_numbers_with_all_that_is_known_of_them(parts, listing):
    record, loader, knowledge = parts
    await cache_import(record, loader, await listing(record, "+12025550123,a\n+12025550124,a\n"), now=NOW)
    second = await listing(record, "+12025550123,b\n+12025550123,c\n", "second.csv")
    assert await cache_import(record, loader, second, now=NOW) == 1
    assert await scores(knowledge, TN, ANOTHER) == [0.5, 0.25]


MOBILE = "447700900123"
HOLDING = Holding(BlockStatus.ALLOCATED, "Example Tel", "ofcom")
RANGES = Allocations([Block(NumberRange.parse("+447700900000/100000"), HOLDING)])


async def ranges_of(knowledge, tn):
    found = (await ask_until_whole(knowledge, tn)).blocks[tn][1].given_out
    return None if found is None else (found.width, found.evidence.numbers)


async def test_calls_read_what_was_seen_in_the_range_a_number_was_given_out_in(parts, listing):
    record, loader, knowledge = parts
    report = await listing(record, f"+{MOBILE},a\n+447700950000,a\n+447701000000,a\n")
    await cache_import(record, loader, report, now=NOW, allocations=RANGES)
    assert await ranges_of(knowledge, MOBILE) == (5, 2)
    await bring_up_to_date(record, loader, now=NOW)
    assert await ranges_of(knowledge, MOBILE) is None
    await rebuild_cache(record, loader, now=NOW, allocations=RANGES)
    assert await ranges_of(knowledge, MOBILE) == (5, 2)
    await cache_numbers(record, loader, [MOBILE], now=NOW)
    assert await ranges_of(knowledge, MOBILE) is None
    await cache_numbers(record, loader, [MOBILE], now=NOW, allocations=RANGES)
    assert await ranges_of(knowledge, MOBILE) == (5, 2)


async def test_many_numbers_are_looked_up_in_portions_and_come_to_the_same(parts, listing, monkeypatch):
    monkeypatch.setattr("gateway.control.evidence.reputation_cache.TOGETHER", 2)
    record, loader, knowledge = parts
    await cache_import(record, loader, await listing(record, "+12025550124,a\n"), now=NOW)
    rows = "".join(f"+1202555{n:04d},{r}\n" for n in range(123, 128) for r in "bc")
    heard = []
    second = await listing(record, rows, "second.csv")
    assert await cache_import(record, loader, second, now=NOW, progress=heard.append) == 5
    assert heard == [2, 4, 5]
    assert await scores(knowledge, TN, ANOTHER, "12025550127") == [0.4, 0.5, 0.4]


async def test_numbers_too_many_to_remember_take_one_walk(parts, listing):
    record, loader, knowledge = parts
    await cache_import(record, loader, await listing(record, "+12025550124,a\n"), now=NOW)
    second = await listing(record, "+12025550123,b\n", "second.csv")
    second.touched = None
    assert await cache_import(record, loader, second, now=NOW) == 2
    assert await scores(knowledge, TN, ANOTHER) == [0.25, 0.25]


async def test_an_emptied_store_is_whole_again_after_a_rebuild_or_a_start(parts, listing, monkeypatch):
    monkeypatch.setattr("gateway.record.sightings._ROWS_AT_ONCE", 2)
    record, loader, knowledge = parts
    await listing(record, "".join(f"+1202555{n:04d},{r}\n" for n in range(100, 110) for r in "abc"))
    assert await rebuild_cache(record, loader, now=NOW) == 10
    assert await scores(knowledge, "12025550100", "12025550109") == [0.5, 0.5]
    assert await bring_up_to_date(record, loader, now=NOW) == 10
    await (await loader._servers.look())[0].client.execute_command("FLUSHALL")
    assert await bring_up_to_date(record, loader, now=NOW) == 10
    assert await scores(knowledge, "12025550100", NEVER) == [0.5, 0.0]


@pytest.mark.parametrize("whole", [True, False])
async def test_the_blocks_around_a_number_reach_the_call(parts, listing, whole):
    record, loader, knowledge = parts
    report = await listing(record, "".join(f"+1202555{n:04d},{r}\n" for n in (120, 121, 500) for r in "ab"))
    if whole:
        assert await rebuild_cache(record, loader, now=NOW) == 3
    else:
        await rebuild_cache(record, loader, now=NOW - 86_400)
        assert await cache_import(record, loader, report, now=NOW) == 3
    found = await ask_until_whole(knowledge, NEVER, "12025551234", "13125550000", "999")
    assert [block and block.numbers for block in found.blocks[NEVER]] == [3, 3, 3, 2, None]
    assert [block and block.numbers for block in found.blocks["12025551234"]] == [3, 3, None, None, None]
    assert set(found.blocks) == {NEVER, "12025551234"}
    area = found.blocks[NEVER][0]
    assert area.day == TODAY
    assert area.fresh == pytest.approx(3 * 2**0.5, rel=1e-3)


async def test_what_no_longer_counts_is_nothing_to_the_neighbours_either(parts, listing):
    record, loader, knowledge = parts
    beside = "12025550129"
    await listing(record, "+12025550120,a\n+12025550121,a\n+12026660120,a\n")
    await rebuild_cache(record, loader, now=NOW)
    assert (await ask_until_whole(knowledge, beside)).blocks[beside][4].numbers == 2
    for number, left in (("12025550120", [2, 1, None, None, None]), ("12025550121", None)):
        async with record.write() as transaction:
            await expire_sightings(transaction, number, until=_today())
        await cache_numbers(record, loader, [number], now=NOW)
        around = (await ask_until_whole(knowledge, beside)).blocks.get(beside)
        assert (around and [block and block.numbers for block in around]) == left


async def test_what_will_not_fit_is_refused_before_anything_is_removed(parts, listing):
    record, loader, knowledge = parts
    await cache_import(record, loader, await listing(record, "+12025550123,a\n"), now=NOW)
    await listing(record, "".join(f"+1202{n:07d},a\n" for n in range(20_000)), "many.csv")
    [server] = await loader._servers.look()
    await server.client.execute_command("CONFIG", "SET", "maxmemory", "1mb")
    with pytest.raises(LoadError, match="20,001 numbers with their blocks need some 1 MiB"):
        await rebuild_cache(record, loader, now=NOW)
    assert await scores(knowledge, TN) == [0.25]
