from __future__ import annotations

import asyncio

import pytest

from gateway.knowledge.batch import Knowledge
from gateway.knowledge.callers_for_help import KEEP_SECONDS, MOST_WAITING, CallersForHelp
from gateway.knowledge.cluster_store import open_store
from gateway.knowledge.connect import connect
from gateway.knowledge.keys import emergency_key
from gateway.knowledge.question import Evidence, Question
from gateway.numbers.canonical import TelephoneNumber
from tests.knowledge.asking import CLEAN, OTHER_EXCHANGE, TN, ask, claim, eventually
from tests.ports import free_port
from tests.valkey import Valkey, running_valkey


async def called(knowledge: Knowledge, *tns: TelephoneNumber) -> Evidence:
    deadline = asyncio.get_running_loop().time() + 1
    return await knowledge.ask(Question(call_id="back", tns=(), called=tns), deadline)


async def is_known(knowledge: Knowledge, *tns: TelephoneNumber) -> bool | None:
    return (await called(knowledge, *tns)).recent_emergency_caller


def is_written(valkey: Valkey, tn: TelephoneNumber = TN) -> bool:
    return bool(valkey.client().exists(emergency_key(tn)[0]))


async def test_whoever_called_for_help_is_known_for_half_an_hour(knowledge, valkey):
    assert await is_known(knowledge, TN) is False
    knowledge.remember_callers_for_help([TN])
    assert await is_known(knowledge, TN) is True
    assert await is_known(knowledge, CLEAN, TN) is True
    assert await is_known(knowledge, CLEAN, OTHER_EXCHANGE) is False
    assert 1790 < valkey.client().ttl(emergency_key(TN)[0]) <= KEEP_SECONDS


async def test_another_call_for_help_begins_the_half_hour_anew(knowledge, valkey):
    knowledge.remember_callers_for_help([TN])
    await is_known(knowledge, TN)
    valkey.client().expire(emergency_key(TN)[0], 5)
    knowledge.remember_callers_for_help([TN])
    await is_known(knowledge, TN)
    assert valkey.client().ttl(emergency_key(TN)[0]) > 1790


async def test_a_note_goes_along_with_the_batch_of_its_own_call(knowledge, valkey):
    before = knowledge.batches
    knowledge.remember_callers_for_help([TN, OTHER_EXCHANGE])
    found = await ask(knowledge, TN, replay=claim())
    assert found.replay_distinct_calls == 1
    assert knowledge.batches == before + 1
    assert is_written(valkey)
    assert is_written(valkey, OTHER_EXCHANGE)


async def test_a_note_without_a_question_is_written_too(knowledge, valkey):
    knowledge.remember_callers_for_help([TN])
    await eventually(lambda: is_written(valkey))


async def test_nothing_is_known_while_the_server_does_not_answer(knowledge, valkey):
    knowledge.remember_callers_for_help([TN])
    await is_known(knowledge, TN)
    valkey.pause()
    assert await is_known(knowledge, TN) is None
    assert (await ask(knowledge, CLEAN)).recent_emergency_caller is False, "it was not asked"
    valkey.go_on()


async def test_a_note_outlasts_an_outage(knowledge, valkey):
    valkey.kill()
    await called(knowledge, TN)
    knowledge.remember_callers_for_help([TN])
    await asyncio.sleep(0)
    assert not knowledge.health.answering
    valkey.start()
    await eventually(lambda: knowledge.health.answering and is_written(valkey))


@pytest.mark.parametrize(
    ("broken", "mended"),
    [("REPLICAOF 127.0.0.1 1", "REPLICAOF NO ONE"), ("CONFIG SET maxmemory 1", "CONFIG SET maxmemory 0")],
)
async def test_a_server_that_takes_no_writes_is_still_read_and_gets_the_note_later(
    knowledge, valkey, broken, mended
):
    knowledge.remember_callers_for_help([OTHER_EXCHANGE])
    await called(knowledge)
    await eventually(lambda: is_written(valkey, OTHER_EXCHANGE))
    valkey.client().execute_command(*broken.split())
    knowledge.remember_callers_for_help([TN])
    assert await is_known(knowledge, OTHER_EXCHANGE) is True
    assert not is_written(valkey)
    before = knowledge.batches
    await asyncio.sleep(0.6)  # the store's rest, twice: it tries again, and not all the time
    assert knowledge.batches - before < 5
    valkey.client().execute_command(*mended.split())
    await eventually(lambda: is_written(valkey))


async def test_whatever_lies_under_the_key_counts_and_text_that_is_no_number_never_becomes_one(
    knowledge, valkey
):
    valkey.client().rpush(emergency_key(TN)[0], "x")
    assert await is_known(knowledge, TN) is True
    evil = TelephoneNumber("44:*\n{p00}")
    before = valkey.client().dbsize()
    knowledge.remember_callers_for_help([evil])
    assert await is_known(knowledge, evil) is None
    assert valkey.client().dbsize() == before


async def test_in_a_cluster_caller_and_called_lie_in_partitions_of_their_own():
    port = free_port()
    cluster = ("--cluster-enabled", "yes", "--port", str(port), "--cluster-port", str(free_port()))
    with running_valkey(*cluster, "--bind", "127.0.0.1") as server:
        server.client().execute_command("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
        await eventually(lambda: "'ok'" in str(server.client().execute_command("CLUSTER INFO")))
        async with open_store(connect(f"redis+cluster://127.0.0.1:{port}")) as store:
            knowledge = Knowledge(store)
            knowledge.remember_callers_for_help([TN, OTHER_EXCHANGE])
            assert await is_known(knowledge, TN) is True
            assert await is_known(knowledge, CLEAN, OTHER_EXCHANGE) is True
            assert await is_known(knowledge, CLEAN) is False


def test_waiting_notes_are_bounded_and_end_with_their_half_hour():
    waiting = CallersForHelp()
    waiting.add((TelephoneNumber(f"4477009{number:05d}") for number in range(MOST_WAITING + 5)), now=0.0)
    assert (len(waiting.take(1.0)), waiting.dropped) == (MOST_WAITING, 5)
    waiting.add([TN], now=0.0)
    waiting.add([CLEAN], now=100.0)
    assert waiting.take(KEEP_SECONDS) == {CLEAN: KEEP_SECONDS + 100}
    assert not waiting


def test_a_note_put_back_does_not_shorten_a_later_one():
    waiting = CallersForHelp()
    waiting.add([TN], now=0.0)
    earlier = waiting.take(1.0)
    waiting.add([TN], now=50.0)
    waiting.put_back(earlier)
    assert waiting.take(60.0) == {TN: KEEP_SECONDS + 50}
