from __future__ import annotations

import asyncio
from datetime import date

import pytest
import structlog
from structlog.testing import capture_logs

from gateway.control.evidence import evidence_task, forgetting
from gateway.control.evidence.evidence_task import Evidence
from gateway.control.evidence.importing import ImportRequest, import_file
from gateway.knowledge.batch import Knowledge
from gateway.knowledge.connect import FOR_LOADING, connect
from gateway.knowledge.importers import marks
from gateway.knowledge.importers.loader import LoadError
from gateway.knowledge.store import Store
from gateway.numbers.allocations import Allocations, Block, BlockStatus, Holding
from gateway.numbers.ranges import NumberRange
from gateway.record.lease import LeadersRecord, release_lease, take_lease
from gateway.record.sightings import every_sighting
from gateway.reputation.entry import day_of, encode_entry
from gateway.reputation.score import score
from tests.knowledge.asking import TODAY, ask_until_whole, entry
from tests.valkey import running_valkey

NOW = TODAY * 86_400
TN = "12025550123"


@pytest.fixture
def log(monkeypatch):
    monkeypatch.setattr(evidence_task, "LOOK_SECONDS", 0.02)
    monkeypatch.setattr(evidence_task, "_log", structlog.get_logger())
    with capture_logs() as lines:
        yield lines


@pytest.fixture
async def complaint(record, tmp_path):
    path = tmp_path / "list.csv"
    path.write_text(f"tn,reporter,day\n+{TN},a,2026-11-01\n")
    request = ImportRequest(path=path, format="csv", feed="partner")
    return await import_file(record, request, actor="test", now=NOW)


async def until(holds) -> None:
    async with asyncio.timeout(60):
        while not holds():  # noqa: ASYNC110 - the other side tells nobody
            await asyncio.sleep(0.01)


async def test_a_server_that_is_empty_has_room_for_all_it_may_hold(record, tmp_path):
    path = tmp_path / "2026-11-01.csv"
    path.write_text("Company_Phone_Number\n" + "".join(f"{n}\n" for n in range(2025550000, 2025650000)))
    with running_valkey() as valkey, valkey.client() as client:
        evidence = Evidence(record, connect(valkey.url, patience=FOR_LOADING))
        assert await evidence.room() is None
        client.config_set("maxmemory", 64 * 2**20)
        room = await evidence.room()
        assert room is not None
        assert room.most == 64 * 2**20
        assert room.most - room.free < 8 * 2**20
        request = ImportRequest(path=path, format="ftc-dnc", feed="ftc-dnc")
        taken = await import_file(record, request, actor="test", now=NOW, room=room)
        await evidence.close()
    assert taken.taken == 100_000


async def test_redis_is_filled_at_first_and_again_when_it_was_emptied(record, complaint, log):
    with running_valkey() as valkey:
        evidence = Evidence(record, connect(valkey.url, patience=FOR_LOADING))
        assert evidence.problem
        keeping = asyncio.create_task(evidence.keep())
        await until(lambda: not evidence.problem)
        with valkey.client() as client:
            client.flushall()
            await until(lambda: client.dbsize() == 257)
        await until(lambda: not evidence.problem)
        async with Store(connect(valkey.url)) as store:
            found = await ask_until_whole(Knowledge(store), TN)
        assert score(found.reputation[TN], today=TODAY) > 0
        keeping.cancel()
        await evidence.close()
    assert [line["event"] for line in log if "evidence" in line["event"]] == [
        "evidence is being filled from the record",
        "evidence is whole",
        "evidence is not whole; it is made again from the record",
        "evidence is whole",
    ]
    assert [line["log_level"] for line in log].count("warning") == 1


async def test_what_another_plan_file_tells_is_brought_to_redis(record, complaint, log):
    holding = Holding(BlockStatus.ALLOCATED, "Example Tel", "nanpa")
    wide = Block(NumberRange.parse(f"+{TN[:-5]}00000/100000"), holding)
    told = Allocations()

    async def has_range(store):
        return (await ask_until_whole(Knowledge(store), TN)).blocks[TN][1].given_out is not None

    with running_valkey() as valkey:
        evidence = Evidence(record, connect(valkey.url, patience=FOR_LOADING), allocations=lambda: told)
        keeping = asyncio.create_task(evidence.keep())
        await until(lambda: not evidence.problem)
        async with Store(connect(valkey.url)) as store:
            assert not await has_range(store)
            told = Allocations([wide])
            while not await has_range(store):  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.05)
        keeping.cancel()
        await evidence.close()


async def test_a_server_that_is_gone_is_told_once_and_found_again(record, complaint, log, monkeypatch):
    monkeypatch.setattr(marks, "ANSWER_SECONDS", 1.0)
    with running_valkey() as valkey:
        evidence = Evidence(record, connect(valkey.url, patience=FOR_LOADING))
        keeping = asyncio.create_task(evidence.keep())
        await until(lambda: not evidence.problem)
        valkey.pause()
        await until(lambda: evidence.problem == "does not answer")
        await asyncio.sleep(0.3)
        valkey.go_on()
        await until(lambda: not evidence.problem)
        keeping.cancel()
        await evidence.close()
    assert [line["event"] for line in log].count("evidence cannot be loaded") == 1


async def test_an_import_that_redis_did_not_take_is_brought_there_later(record, complaint, log):
    with running_valkey() as valkey:
        connected = connect(valkey.url, patience=FOR_LOADING)
        evidence = Evidence(record, connected)
        valkey.kill()
        with pytest.raises(LoadError):
            await evidence.take_over(complaint)
        valkey.start()
        keeping = asyncio.create_task(evidence.keep())
        await until(lambda: not evidence.problem)
        assert valkey.client().dbsize() == 257
        keeping.cancel()
        await evidence.close()


async def test_a_server_that_may_forget_is_warned_of(record, log):
    with running_valkey("--maxmemory-policy", "allkeys-lru") as valkey:
        evidence = Evidence(record, connect(valkey.url, patience=FOR_LOADING))
        keeping = asyncio.create_task(evidence.keep())
        await until(lambda: not evidence.problem)
        keeping.cancel()
        await evidence.close()
    [warning] = [line for line in log if line["event"] == "redis may forget"]
    assert "allkeys-lru" in warning["problem"]


async def test_what_has_not_counted_for_long_leaves_the_record_and_redis(record, tmp_path, monkeypatch):
    monkeypatch.setattr(forgetting, "ROWS_AT_ONCE", 2)
    other, third = "12025550124", "12025550125"
    path = tmp_path / "list.csv"
    path.write_text(
        "tn,reporter,day,expires\n"
        f"+{TN},a,2026-01-01,2026-01-02\n+{TN},b,{day_of(TODAY)},\n"
        f"+{other},a,2026-01-01,2026-01-02\n"
        f"+{third},a,2026-01-01,{day_of(TODAY - 5)}\n"
    )
    await import_file(record, ImportRequest(path=path, format="csv", feed="partner"), actor="test", now=NOW)
    with running_valkey() as valkey:
        evidence = Evidence(record, connect(valkey.url, patience=FOR_LOADING))
        await evidence.rebuild()
        key = valkey.client().keys("cm:rep:*")[0]
        valkey.client().hset(key, other[-4:], encode_entry(entry(3)))
        assert await evidence.forget(record) == 2
        assert await evidence.forget(record) == 0
        fields = valkey.client().hkeys(key)
        await evidence.close()
    assert TN[-4:].encode() in fields
    assert other[-4:].encode() not in fields
    async with record.read() as transaction:
        async for batch in every_sighting(transaction, today=date(2025, 1, 1)):
            assert [(each.tn, each.reporter) for each in batch] == [(TN, "b"), (third, "a")]


async def test_the_room_of_redis_is_what_its_maxmemory_leaves(record):
    with running_valkey() as valkey:
        evidence = Evidence(record, connect(valkey.url, patience=FOR_LOADING))
        assert await evidence.room() is None
        valkey.client().config_set("maxmemory", "64mb")
        room = await evidence.room()
        assert room.most == 64 * 2**20
        assert 0 < room.free < room.most
    assert await evidence.room() is None
    await evidence.close()


async def test_the_days_work_is_looked_for_soon_again_by_who_lost_the_lease_in_it(record, log):
    async with record.write() as transaction:
        old = await take_lease(transaction, holder="a")
        await release_lease(transaction, old)
    async with record.write() as transaction:
        await take_lease(transaction, holder="b")
    asked = []

    def leaders_record():
        asked.append(1)
        return LeadersRecord(record, old)

    with running_valkey() as valkey:
        evidence = Evidence(record, connect(valkey.url, patience=FOR_LOADING))
        keeping = asyncio.create_task(evidence.keep_in_order(leaders_record))
        await until(lambda: len(asked) > 2)
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        await evidence.close()
