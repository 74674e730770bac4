from __future__ import annotations

import asyncio

import msgspec
import pytest

from gateway.knowledge.batch import Knowledge
from gateway.knowledge.cluster_store import open_store
from gateway.knowledge.connect import FOR_LOADING, connect
from gateway.knowledge.importers.loader import ReputationLoader
from gateway.knowledge.keys import (
    exchange_of,
    field_of,
    marker_key,
    partition_of,
    replay_key,
    reputation_key,
)
from gateway.knowledge.question import UNKNOWN, Question
from gateway.knowledge.store import Store
from gateway.numbers.canonical import TelephoneNumber
from gateway.reputation.block_entry import encode_block, encode_exchange
from gateway.reputation.blocks import BlockEvidence, GivenOut
from tests.knowledge.asking import CLEAN, OTHER_EXCHANGE, TN, TODAY, ask, batches, claim, entry, eventually
from tests.ports import free_port
from tests.valkey import Valkey, running_valkey


def key_of(tn: TelephoneNumber) -> str:
    exchange = exchange_of(tn)
    return reputation_key(exchange, partition_of(exchange))


@pytest.fixture
async def loaded(loader: ReputationLoader, knowledge: Knowledge) -> Knowledge:
    await loader.rebuild(batches((TN, entry(3)), (OTHER_EXCHANGE, entry(7))))
    return knowledge


async def test_a_known_number_has_its_entry_and_an_unknown_one_has_none(loaded):
    found = await ask(loaded, TN, CLEAN)
    assert found.reputation == {TN: entry(3), CLEAN: None}
    assert found.degraded == ()


async def test_an_empty_store_answers_unknown_never_clean(knowledge):
    found = await ask(knowledge, TN)
    assert found.reputation == {TN: UNKNOWN}
    assert found.degraded == ("reputation",)


async def test_a_flushed_store_answers_unknown_until_it_is_rebuilt(loaded, valkey, loader):
    valkey.client().flushall()
    assert (await ask(loaded, CLEAN)).degraded == ("reputation",)
    await loader.rebuild(batches((TN, entry(3))))
    assert (await ask(loaded, CLEAN)).degraded == ()


async def test_a_lost_marker_concerns_its_own_partition_only(loaded, valkey):
    valkey.client().delete(marker_key(partition_of(exchange_of(TN))))
    found = await ask(loaded, CLEAN, TelephoneNumber("441614960999"))
    assert found.reputation == {CLEAN: UNKNOWN, "441614960999": None}


async def test_an_expired_entry_is_no_evidence(loaded, loader):
    await loader.update([(TN, entry(3, last_day=TODAY - 100, expires_day=TODAY - 1))])
    assert (await ask(loaded, TN)).reputation == {TN: None}


async def test_two_call_ids_with_one_passport_are_counted_and_one_call_id_twice_is_not(loaded):
    counts = [
        (await ask(loaded, TN, replay=claim(), call_id=call_id)).replay_distinct_calls
        for call_id in ("a", "a", "b", "a", "c")
    ]
    assert counts == [1, 1, 2, 2, 3]


async def test_passports_differing_in_any_part_are_counted_apart(loaded):
    await ask(loaded, TN, replay=claim(), call_id="a")
    other = await ask(loaded, TN, replay=claim("another"), call_id="b")
    assert other.replay_distinct_calls == 1


async def test_claims_made_at_once_are_each_counted(loaded):
    answers = await asyncio.gather(
        *(ask(loaded, TN, replay=claim(), call_id=f"call-{number}") for number in range(100))
    )
    assert sorted(answer.replay_distinct_calls or 0 for answer in answers) == list(range(1, 101))


async def test_every_key_but_the_markers_expires(loaded, valkey):
    await asyncio.gather(
        *(ask(loaded, TN, replay=claim(str(number % 50)), call_id=str(number)) for number in range(1000))
    )
    client = valkey.client()
    found = [key for key in client.scan_iter(count=1000) if not key.startswith(b"cm:complete:")]
    assert len(found) == 52
    assert all(client.ttl(key) >= 0 for key in found)
    replays = [client.ttl(key) for key in found if key.startswith(b"cm:replay:")]
    assert all(120 < ttl <= 180 for ttl in replays)


async def test_two_hundred_calls_at_once_each_hear_of_their_own_number(loaded, loader):
    tns = [TelephoneNumber(f"4477009{number:05d}") for number in range(200)]
    await loader.update((tn, entry(number + 1)) for number, tn in enumerate(tns))
    for _ in range(20):
        answers = await asyncio.gather(*(ask(loaded, tn) for tn in tns))
        found = [answer.reputation for answer in answers]
        assert found == [{tn: entry(number + 1)} for number, tn in enumerate(tns)]
    assert loaded.batches < 100


async def test_no_answer_reaches_another_call_when_the_server_stops_and_goes_on(loaded, loader, valkey):
    tns = [TelephoneNumber(f"4477009{number:05d}") for number in range(200)]
    await loader.update((tn, entry(number + 1)) for number, tn in enumerate(tns))
    answered = 0

    async def check(number: int) -> None:
        nonlocal answered
        known = (await ask(loaded, tns[number])).reputation[tns[number]]
        assert known in (UNKNOWN, entry(number + 1))
        answered += known is not UNKNOWN

    for _ in range(4):
        valkey.pause()
        await asyncio.gather(*map(check, range(200)))
        valkey.go_on()
        await eventually(lambda: loaded.health.answering)
        await asyncio.gather(*map(check, range(200)))
    assert answered >= 600


async def test_a_stopped_server_holds_nobody_longer_than_a_batch_and_then_nobody_at_all(loaded, valkey):
    valkey.pause()
    # They are answered while it stands: it goes on only afterwards, and redis-py would wait for 59 s.
    async with asyncio.timeout(30):
        answers = await asyncio.gather(*(ask(loaded, TN, replay=claim(), call_id=str(n)) for n in range(200)))
    assert {answer.degraded for answer in answers} == {("reputation", "replay")}
    with pytest.raises(StopIteration):  # answered without giving way even once
        ask(loaded, TN).send(None)
    assert not loaded.health.answering
    valkey.go_on()
    await eventually(lambda: loaded.health.answering)
    assert (await ask(loaded, TN)).degraded == ()


async def test_a_callers_own_deadline_is_kept(loaded, valkey):
    valkey.pause()
    assert (await ask(loaded, TN, within_seconds=0.002)).reputation == {TN: UNKNOWN}
    assert loaded.health.answering, "answered before the batch itself was given up"
    assert (await ask(loaded, TN, within_seconds=-1)).reputation == {TN: UNKNOWN}
    valkey.go_on()


async def test_a_killed_server_is_unknown_at_once_and_found_again_when_it_is_back(loaded, valkey, loader):
    valkey.kill()
    answers = await asyncio.gather(*(ask(loaded, TN) for _ in range(50)))
    assert {answer.degraded for answer in answers} == {("reputation",)}
    valkey.start()
    await eventually(lambda: loaded.health.answering)
    assert (await ask(loaded, TN)).reputation == {TN: UNKNOWN}, "restarted empty: nothing is known"
    await loader.rebuild(batches((TN, entry(3))))
    assert (await ask(loaded, TN)).reputation == {TN: entry(3)}


async def test_a_server_that_is_down_at_the_start_is_found_when_it_comes(valkey):
    valkey.kill()
    async with Store(connect(valkey.url)) as store:
        knowledge = Knowledge(store)
        assert (await ask(knowledge, TN)).degraded == ("reputation",)
        valkey.start()
        await eventually(lambda: knowledge.health.answering)
        assert (await ask(knowledge, TN)).degraded == ("reputation",)


async def test_flushed_functions_are_loaded_again_without_a_call_noticing(loaded, valkey):
    valkey.client().function_flush("SYNC")
    assert (await ask(loaded, TN)).reputation == {TN: entry(3)}
    assert loaded.health.answering


@pytest.mark.parametrize(
    "value",
    [b"", b"garbage", b"\x80\x04\x95", b"x" * 5000, b"[1,1,[]]", b'[1,99999,[["ftc-dnc",1,NaN,1,1]]]', b"0"],
)
async def test_a_poisoned_entry_is_unknown_and_counted_and_its_neighbours_are_not_touched(
    loaded, valkey, value
):
    valkey.client().hset(key_of(TN), field_of(CLEAN), value)
    found = await ask(loaded, TN, CLEAN, OTHER_EXCHANGE)
    assert found.reputation == {TN: entry(3), CLEAN: UNKNOWN, OTHER_EXCHANGE: entry(7)}
    assert loaded.drops.entries == 1
    assert loaded.health.answering


async def test_keys_of_another_type_cost_their_own_answers_only(loaded, valkey):
    client = valkey.client()
    client.delete(key_of(TN), marker_key(partition_of(exchange_of(OTHER_EXCHANGE))))
    client.set(key_of(TN), b"x" * 1000)
    client.rpush(marker_key(partition_of(exchange_of(OTHER_EXCHANGE))), "x")
    found = await ask(loaded, TN, OTHER_EXCHANGE, TelephoneNumber("441614960999"))
    assert found.reputation == {TN: UNKNOWN, OTHER_EXCHANGE: entry(7), "441614960999": UNKNOWN}
    assert (loaded.drops.entries, loaded.drops.markers) == (1, 1)


async def test_a_poisoned_replay_key_starts_anew(loaded, valkey):
    used = claim()
    parts = (used.orig, *used.dest, str(used.iat), used.origid)
    key = replay_key(partition_of(exchange_of(TN)), parts)
    valkey.client().set(key, b"x" * 1000)
    assert (await ask(loaded, TN, replay=used)).replay_distinct_calls == 1
    assert valkey.client().ttl(key) > 0


async def test_a_read_only_replica_still_tells_reputation(loaded, valkey):
    valkey.client().replicaof("127.0.0.1", "1")
    found = await ask(loaded, TN, replay=claim())
    assert found.reputation == {TN: entry(3)}
    assert (found.replay_distinct_calls, found.degraded) == (None, ("replay",))
    valkey.client().replicaof("NO", "ONE")


async def test_a_full_server_still_tells_reputation(loaded, valkey):
    valkey.client().config_set("maxmemory", "1")
    found = await ask(loaded, TN, replay=claim())
    assert (found.reputation, found.degraded) == ({TN: entry(3)}, ("replay",))


async def test_text_that_is_no_number_never_becomes_a_key(loaded, valkey):
    evil = TelephoneNumber("44:*\n{p00}")
    before = valkey.client().dbsize()
    found = await ask(loaded, evil, replay=claim(orig=evil), call_id="x" * 10_000)
    assert found.reputation == {evil: UNKNOWN}
    assert found.replay_distinct_calls == 1
    assert valkey.client().dbsize() == before + 1
    assert loaded.drops.numbers == 1


async def test_service_numbers_are_looked_up_like_any_other(loaded, loader):
    short = TelephoneNumber("999")
    await loader.update([(short, entry(2))])
    assert (await ask(loaded, short, TelephoneNumber("0999"))).reputation == {short: entry(2), "0999": None}


async def test_a_call_that_hangs_up_leaves_the_others_alone(loaded):
    loop = asyncio.get_running_loop()
    gone = asyncio.create_task(loaded.ask(Question(call_id="gone", tns=(TN,)), loop.time() + 1))
    await asyncio.sleep(0)
    gone.cancel()
    assert (await ask(loaded, TN)).reputation == {TN: entry(3)}


async def test_in_a_cluster_a_call_with_two_partitions_is_answered_whole():
    port = free_port()
    cluster = ("--cluster-enabled", "yes", "--port", str(port), "--cluster-port", str(free_port()))
    with running_valkey(*cluster, "--bind", "127.0.0.1") as server:
        server.client().execute_command("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
        await eventually(lambda: "'ok'" in str(server.client().execute_command("CLUSTER INFO")))
        url = f"redis+cluster://127.0.0.1:{port}"
        patient = connect(url, patience=FOR_LOADING)
        await ReputationLoader(patient).rebuild(batches((TN, entry(3)), (OTHER_EXCHANGE, entry(7))))
        assert len((await ReputationLoader(patient).look()).complete) == 256
        async with open_store(connect(url)) as store:
            knowledge = Knowledge(store)
            found = await ask(knowledge, TN, OTHER_EXCHANGE, CLEAN, replay=claim())
            assert found.reputation == {TN: entry(3), OTHER_EXCHANGE: entry(7), CLEAN: None}
            assert (found.replay_distinct_calls, found.degraded) == (1, ())
            server.client().function_flush("SYNC")
            found = await ask(knowledge, TN, OTHER_EXCHANGE)
            assert found.degraded == ()
        await patient.aclose()


async def test_garbage_in_place_of_redis_is_an_outage_and_no_exception(tmp_path):
    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(1000):
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n\x00\xff*-5\r\n")
        writer.close()

    server = await asyncio.start_unix_server(babble, tmp_path / "s")
    async with server, Store(connect(f"unix://{tmp_path}/s")) as store:
        assert (await ask(Knowledge(store), TN)).degraded == ("reputation",)
        assert not store.health.answering


def test_the_fixture_kills_what_it_starts():
    with running_valkey() as server:
        assert isinstance(server, Valkey)
        assert server.client().ping()
    assert not server.socket.exists()


AROUND = BlockEvidence(TODAY, 7, 1.0, 1.0, 1.0, 1.0)
BLOCKS = {  # of the +44 20 7946 in which TN is 0123
    "x": encode_exchange(AROUND, AROUND, "0"),
    "0": encode_block(AROUND, "1"),
    "01": encode_block(AROUND, "2"),
    "012": encode_block(AROUND),
}


async def seen_around(knowledge, loader, valkey, stored):
    await loader.rebuild(batches((TN, entry(3))))
    [key] = valkey.client().keys("cm:rep:*")
    valkey.client().hset(key, mapping=stored)
    found = await ask(knowledge, TN)
    assert found.reputation == {TN: entry(3)}
    assert found.degraded == ()
    return [block is not None for block in found.blocks.get(TN, ())]


async def test_the_blocks_around_a_number_come_along(knowledge, loader, valkey):
    assert await seen_around(knowledge, loader, valkey, BLOCKS) == [True] * 5


@pytest.mark.parametrize("parts", ["0", "0123456789"])
async def test_the_blocks_of_a_number_whose_range_is_told_come_along(knowledge, loader, valkey, parts):
    given_out = msgspec.structs.replace(AROUND, given_out=GivenOut(5, AROUND))
    stored = BLOCKS | {"x": encode_exchange(AROUND, given_out, parts)}
    assert await seen_around(knowledge, loader, valkey, stored) == [True] * 5
    assert (await ask(knowledge, TN)).blocks[TN][1].given_out.evidence.numbers == AROUND.numbers


@pytest.mark.parametrize("poison", ["", "x", "[]", "[20000,1,-1,1,1,1]", "9" * 64, "9" * 5000])
@pytest.mark.parametrize(("field", "left"), [("x", 0), ("0", 2), ("01", 3), ("012", 4)])
async def test_a_poisoned_block_says_nothing_and_costs_nothing_wider(
    knowledge, loader, valkey, poison, field, left
):
    seen = await seen_around(knowledge, loader, valkey, BLOCKS | {field: poison})
    assert seen == [True] * left + [False] * (5 - left)
    assert knowledge.drops.entries == 1


@pytest.mark.parametrize(("outer", "left"), [("x", 2), ("0", 3), ("01", 4)])
async def test_a_block_that_the_one_around_it_does_not_name_is_not_looked_for(
    knowledge, loader, valkey, outer, left
):
    alone = encode_exchange(AROUND, AROUND) if outer == "x" else encode_block(AROUND)
    seen = await seen_around(knowledge, loader, valkey, BLOCKS | {outer: alone})
    assert seen == [True] * left + [False] * (5 - left)


async def test_who_is_cancelled_in_the_turn_of_the_answer_takes_nobody_elses(knowledge):
    asking = asyncio.create_task(ask(knowledge, TN))
    await asyncio.sleep(0)
    (waiter,) = knowledge._waiting
    asking.cancel()
    # As its batch does, before the one who asked has heard of being cancelled.
    waiter.give_up()
    with pytest.raises(asyncio.CancelledError):
        await asking
