"""Real sentinels: the server they name is asked, and a change of primary is noticed in the background."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager

import pytest
import redis

from gateway.knowledge.batch import Knowledge
from gateway.knowledge.cluster_store import open_store
from gateway.knowledge.connect import FOR_LOADING, connect
from gateway.knowledge.importers.loader import ReputationLoader
from tests.knowledge.asking import TN, ask, batches, claim, entry
from tests.redis_sentinels import Sentinels, running_sentinels

FAILS_OVER_WITHIN_SECONDS = 90.0


@pytest.fixture
def sentinels() -> Iterator[Sentinels]:
    with running_sentinels() as running:
        yield running


@asynccontextmanager
async def loaded(sentinels: Sentinels) -> AsyncIterator[tuple[Knowledge, ReputationLoader]]:
    patient = connect(sentinels.url, patience=FOR_LOADING)
    loader = ReputationLoader(patient)
    await loader.rebuild(batches((TN, entry(3))))
    async with open_store(connect(sentinels.url)) as store:
        knowledge = Knowledge(store)
        try:
            yield knowledge, loader
        finally:
            await knowledge.close()
            await patient.aclose()


async def until_claims_are_taken(knowledge: Knowledge) -> None:
    """Ask until the primary answers whole; no call before that waits as long as redis-py would, 59 s."""
    async with asyncio.timeout(FAILS_OVER_WITHIN_SECONDS):
        for number in range(100_000):
            async with asyncio.timeout(30):
                found = await ask(knowledge, TN, replay=claim(str(number)), call_id=str(number))
            if not found.degraded:
                assert found.reputation == {TN: entry(3)}
                return
            await asyncio.sleep(0.01)
    raise AssertionError("unreachable")


@pytest.mark.parametrize(
    "end", [lambda server: server.kill(), lambda server: server.pause()], ids=["dies", "hangs"]
)
async def test_when_the_primary_ends_the_replica_is_asked_and_no_call_waits_for_it(
    sentinels: Sentinels, end: Callable[[object], None]
) -> None:
    async with loaded(sentinels) as (knowledge, loader):
        before = set((await loader.look()).runs.values())
        end(sentinels.servers[0])
        found = await ask(knowledge, TN, replay=claim())
        assert found.degraded == ("reputation", "replay")
        await until_claims_are_taken(knowledge)
        async with asyncio.timeout(FAILS_OVER_WITHIN_SECONDS):
            while len((after := await loader.look()).complete) < 256:
                pass  # one look may still be at the connection that hangs
        # A replica may lack what was written last: its run id says that it is another server.
        assert set(after.runs.values()).isdisjoint(before)


async def test_a_switch_over_is_followed_though_the_old_primary_answers_on(sentinels: Sentinels) -> None:
    async with loaded(sentinels) as (knowledge, _):
        sentinels.switch_over()
        new = sentinels.servers[1]
        async with asyncio.timeout(FAILS_OVER_WITHIN_SECONDS):
            while True:
                await ask(knowledge, TN, replay=claim("moved"))
                # A server that becomes the primary ends the connections it had.
                with contextlib.suppress(redis.RedisError), new.client() as client:
                    if client.info("replication")["role"] == "master" and client.keys("cm:replay:*"):
                        break
                await asyncio.sleep(0.02)


async def test_one_sentinel_less_changes_nothing(sentinels: Sentinels) -> None:
    sentinels.kill_sentinel(0)
    async with loaded(sentinels) as (knowledge, _):
        await until_claims_are_taken(knowledge)
        assert knowledge.health.answering
