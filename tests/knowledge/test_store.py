from __future__ import annotations

import asyncio

import pytest

from gateway.knowledge import store as one_store
from gateway.knowledge.connect import connect
from gateway.knowledge.store import Store, StoreError, bounded
from tests.knowledge.asking import eventually


async def test_a_server_that_evicts_is_warned_of(store, valkey):
    assert await store.eviction_problem() == ""
    valkey.client().config_set("maxmemory-policy", "volatile-lru")
    assert "volatile-lru" in await store.eviction_problem()


async def test_health_tells_what_went_wrong_and_when_it_is_over(valkey):
    async with Store(connect(valkey.url)) as store:
        assert store.health.answering
        assert store.health.problem == ""
        valkey.kill()
        await eventually(lambda: not store.health.answering)
        assert "ConnectionError" in store.health.problem
        assert store.failures > 0
        valkey.start()
        await eventually(lambda: store.health.answering)
        assert store.health.seconds_since_success is not None


async def test_what_one_command_is_refused_is_no_outage(store, valkey):
    valkey.client().set("cm:x", "x")
    with pytest.raises(StoreError):
        await store.run(store.client.execute_command("LPOP", "cm:x"), within_seconds=1)
    assert store.health.answering


async def test_a_bound_ends_what_takes_longer():
    with pytest.raises(TimeoutError):
        async with bounded(0.001):
            await asyncio.Event().wait()


async def test_a_loop_held_up_past_the_bound_still_reads_the_answer_that_is_there(monkeypatch):
    monkeypatch.setattr(one_store, "GRACE_SECONDS", 5.0)
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[str] = loop.create_future()
    loop.call_later(0.005, loop.call_soon, loop.call_soon, answer.set_result, "there")

    def hold_up() -> None:
        until = loop.time() + 0.03
        while loop.time() < until:
            pass

    loop.call_soon(hold_up)
    async with bounded(0.01):
        assert await answer == "there"
