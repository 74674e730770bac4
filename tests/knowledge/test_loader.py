from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from gateway.knowledge.connect import FOR_LOADING, connect
from gateway.knowledge.importers.loader import Known, LoadError, ReputationLoader
from gateway.knowledge.question import UNKNOWN
from gateway.numbers.canonical import TelephoneNumber
from tests.knowledge.asking import CLEAN, OTHER_EXCHANGE, TN, TODAY, ask, batches, entry


async def test_a_rebuild_loads_everything_and_forgets_what_is_no_more(loader, knowledge, valkey):
    await loader.rebuild(batches((TN, entry(1))))
    heard: list[int] = []
    tns = [TelephoneNumber(f"1202555{number:04d}") for number in range(1700)]
    assert await loader.rebuild(batches(*((tn, entry(2)) for tn in tns)), progress=heard.append) == 1700
    assert heard == [1700]
    assert len((await loader.look()).complete) == 256
    found = await ask(knowledge, TN, tns[0], tns[-1])
    assert found.reputation == {TN: None, tns[0]: entry(2), tns[-1]: entry(2)}


async def test_until_a_rebuild_is_done_what_is_missing_is_unknown(loader, knowledge):
    await loader.rebuild(batches((TN, entry(1))))
    heard: list[object] = []

    async def halfway() -> AsyncIterator[Sequence[Known]]:
        yield [(OTHER_EXCHANGE, entry(2))]
        heard.append((await ask(knowledge, OTHER_EXCHANGE, TN, CLEAN)).reputation)

    await loader.rebuild(halfway())
    assert heard == [{OTHER_EXCHANGE: entry(2), TN: UNKNOWN, CLEAN: UNKNOWN}]
    assert (await ask(knowledge, TN)).reputation == {TN: None}


async def test_a_store_emptied_during_a_rebuild_is_not_called_complete(loader, knowledge, valkey):
    async def emptied() -> AsyncIterator[Sequence[Known]]:
        yield [(TN, entry(1))]
        valkey.client().flushall()
        yield [(OTHER_EXCHANGE, entry(1))]

    with pytest.raises(LoadError, match="again"):
        await loader.rebuild(emptied())
    assert (await ask(knowledge, TN)).reputation == {TN: UNKNOWN}


async def test_of_two_rebuilds_the_first_to_begin_gives_way(loader, valkey):
    async def overtaken() -> AsyncIterator[Sequence[Known]]:
        yield [(TN, entry(1))]
        connected = connect(valkey.url, patience=FOR_LOADING)
        await ReputationLoader(connected).rebuild(batches((TN, entry(2))))
        await connected.aclose()

    with pytest.raises(LoadError, match="256 of 256"):
        await loader.rebuild(overtaken())
    assert len((await loader.look()).complete) == 256


async def test_an_update_writes_and_forgets_and_leaves_the_rest(loader, knowledge):
    await loader.rebuild(batches((TN, entry(1)), (CLEAN, entry(1)), (OTHER_EXCHANGE, entry(1))))
    assert await loader.update([(TN, entry(9)), (CLEAN, None)]) == 2
    found = await ask(knowledge, TN, CLEAN, OTHER_EXCHANGE)
    assert found.reputation == {TN: entry(9), CLEAN: None, OTHER_EXCHANGE: entry(1)}


async def test_a_hash_lives_as_long_as_its_longest_entry(loader, valkey):
    await loader.update([(TN, entry(1, expires_day=TODAY + 90)), (CLEAN, entry(1, expires_day=TODAY + 5))])
    [key] = valkey.client().keys("cm:rep:*")
    assert valkey.client().expiretime(key) == (TODAY + 91) * 86_400


async def test_a_poisoned_key_stops_an_update_with_the_remedy_and_a_rebuild_mends_it(
    loader, valkey, knowledge
):
    await loader.rebuild(batches((TN, entry(1))))
    [key] = valkey.client().keys("cm:rep:*")
    valkey.client().set(key, "x")
    with pytest.raises(LoadError, match="cache rebuild"):
        await loader.update([(TN, entry(2))])
    await loader.rebuild(batches((TN, entry(2))))
    assert (await ask(knowledge, TN)).reputation == {TN: entry(2)}


async def test_a_server_that_is_not_there_is_a_sentence(loader, valkey):
    valkey.kill()
    with pytest.raises(LoadError, match="did not take"):
        await loader.update([(TN, entry(1))])


async def test_no_call_hears_clean_while_a_rebuild_is_under_way(loader, knowledge):
    await loader.rebuild(batches((TN, entry(1))))
    under_way = asyncio.Event()

    async def many() -> AsyncIterator[Sequence[Known]]:
        under_way.set()
        for block in range(20):
            yield [(TelephoneNumber(f"1202{block:03d}{n:04d}"), entry(1)) for n in range(1000)]
        under_way.clear()

    rebuild = asyncio.create_task(loader.rebuild(many()))
    await under_way.wait()
    heard = []
    while under_way.is_set():
        heard.append((await ask(knowledge, TN)).reputation[TN])
        await asyncio.sleep(0)  # a store that rests answers without giving way
    assert await rebuild == 20_000
    assert set(heard[:-1]) == {UNKNOWN}
