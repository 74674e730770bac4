"""Traffic in a real server: what one number, its block and its path come to, in bounded memory."""

from __future__ import annotations

import asyncio
import time

import pytest

from gateway.knowledge.batch import Knowledge
from gateway.knowledge.connect import FOR_LOADING, connect
from gateway.knowledge.keys import traffic_key
from gateway.knowledge.question import Passage, Question
from gateway.knowledge.store import Store
from gateway.knowledge.traffic import TrafficStore, block_subject, named_subject, number_subject
from gateway.numbers.canonical import TelephoneNumber
from gateway.reputation.traffic import Shape, Traffic
from tests.knowledge.asking import CLEAN, TN

ABROAD = "international/unsigned"
WINDOW = 86_400


async def call(
    knowledge: Knowledge, called: int | None, *, tn=TN, path=ABROAD, honeypot=False, window=WINDOW
) -> Traffic:
    passage = Passage(
        path=path,
        tn=tn,
        called=None if called is None else TelephoneNumber(str(called)),
        is_honeypot=honeypot,
        window_seconds=window,
    )
    deadline = asyncio.get_running_loop().time() + 5
    found = await knowledge.ask(Question(call_id="c", tns=(), passage=passage), deadline)
    assert found.traffic is not None
    return found.traffic


@pytest.fixture
async def store(valkey):
    connected = connect(valkey.url, patience=FOR_LOADING)
    yield TrafficStore(connected)
    await connected.aclose()


@pytest.fixture
async def knowledge(valkey):
    async with Store(connect(valkey.url)) as opened:
        asked = Knowledge(opened)
        yield asked
        await asked.close()


async def test_each_call_counts_for_its_number_and_its_block(knowledge):
    for number in range(5):
        found = await call(knowledge, 441614960000 + 100 * number)
    assert found.number == Shape(calls=5, fresh=5)
    assert found.block == Shape(calls=5, fresh=1)
    neighbour = TelephoneNumber(TN[:-2] + "99")
    found = await call(knowledge, 441614960000, tn=neighbour)
    assert found == Traffic(number=Shape(calls=1, fresh=1), block=Shape(calls=6, fresh=2, sequential=0))


async def test_the_same_called_number_again_is_no_other_and_neighbours_follow_one_another(knowledge):
    for called in (441614960001, 441614960001, 441614960002, 441614960030):
        found = await call(knowledge, called)
    assert found.number == Shape(calls=4, fresh=3, sequential=1)
    assert (await call(knowledge, None)).number.calls == 5


async def test_calls_by_another_path_are_another_matter(knowledge):
    for called in range(441614960000, 441614960050):
        await call(knowledge, called)
    own = await call(knowledge, 441614960000, path="customer/passed")
    assert own == Traffic(number=Shape(calls=1, fresh=1), block=Shape(calls=1, fresh=1))


async def test_a_honeypot_counts_once_for_each_and_at_once_on_every_connection(knowledge, valkey):
    await call(knowledge, 441134960900, honeypot=True)
    found = await call(knowledge, 441134960900, honeypot=True)
    assert found.number.honeypots == 1
    async with Store(connect(valkey.url)) as opened:
        elsewhere = Knowledge(opened)
        assert (await call(elsewhere, 441614960000)).number.honeypots == 1
        await elsewhere.close()


async def test_what_is_over_is_forgotten(knowledge):
    # A window slides by the server's clock: wait for the beginning of one, then see it and the next pass.
    await asyncio.sleep(2 - time.time() % 2)
    await call(knowledge, 441614960001, window=2)
    await asyncio.sleep(2.2)
    half = await call(knowledge, 441614960002, window=2)
    assert half.number.calls == 1  # of the first, what is still inside is less than one call
    await asyncio.sleep(4.2)
    assert (await call(knowledge, 441614960003, window=2)).number == Shape(calls=1, fresh=1)


async def test_how_calls_ended_is_added_and_what_it_comes_to_is_answered(knowledge, store):
    await call(knowledge, 441614960001)
    number, block, trunk = number_subject(ABROAD, TN), block_subject(ABROAD, TN), named_subject("t", "a-1")
    ended = [0, 0, 0, 3, 2, 1, 0, 0]
    told = await store.tell({number: ended, block: ended, trunk: ended}, window_seconds=WINDOW)
    assert told[number] == Shape(calls=1, fresh=1, ended=3, short=2, one_ring=1)
    assert told[trunk] == Shape(ended=3, short=2, one_ring=1)
    found = await call(knowledge, 441614960200)
    assert found.number == Shape(calls=2, fresh=2, ended=3, short=2, one_ring=1)
    assert found.block.short == 2


async def test_memory_is_bounded_and_those_who_call_most_are_kept(knowledge, valkey):
    busy = TelephoneNumber("442079460001")
    for called in range(20):
        await call(knowledge, 441614960000 + called, tn=busy)
    # One exchange, so one partition: numbers beyond what is followed come and go.
    others = [TelephoneNumber(f"44207946{number:04d}") for number in range(1000, 3000)]
    for first in range(0, len(others), 20):
        await asyncio.gather(*(call(knowledge, 441614960000, tn=tn) for tn in others[first : first + 20]))
    with valkey.client() as client:
        keys = client.keys("cm:traffic:*")
        assert [client.hlen(key) for key in keys] == [1024]
        assert 0 < client.ttl(keys[0]) <= 4 * WINDOW
        assert client.memory_usage(keys[0], samples=0) < 300_000
    assert (await call(knowledge, 441614960000, tn=busy)).number.calls == 21


@pytest.mark.parametrize("poison", [b"x", b"\x93\x01\x02\x03", b"\xc0" * 25, b"9" * 5000])
async def test_a_poisoned_value_starts_anew(knowledge, valkey, poison):
    await call(knowledge, 441614960001)
    with valkey.client() as client:
        (key,) = client.keys("cm:traffic:*")
        for field in client.hkeys(key):
            client.hset(key, field, poison)
    assert (await call(knowledge, 441614960002)).number == Shape(calls=1, fresh=1)


async def test_a_key_of_another_type_starts_anew(knowledge, valkey):
    await call(knowledge, 441614960001)
    with valkey.client() as client:
        (key,) = client.keys("cm:traffic:*")
        client.delete(key)
        client.set(key, "x")
    assert (await call(knowledge, 441614960002)).number == Shape(calls=1, fresh=1)


async def test_without_redis_nothing_is_known_and_nothing_raised(knowledge, store, valkey):
    valkey.kill()
    passage = Passage(path=ABROAD, tn=TN, called=CLEAN, is_honeypot=False, window_seconds=WINDOW)
    deadline = asyncio.get_running_loop().time() + 1
    found = await knowledge.ask(Question(call_id="c", tns=(), passage=passage), deadline)
    assert found.traffic is None
    assert await store.tell({named_subject("t", "a"): [1] * 8}, window_seconds=WINDOW) == {}


def test_a_partition_has_one_key():
    assert traffic_key(255) == "cm:traffic:{pff}"
