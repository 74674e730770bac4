"""A real cluster of three primaries: each answers for its own partitions, whatever becomes of the others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from gateway.fetch.shared import SharedPem
from gateway.knowledge.batch import Knowledge
from gateway.knowledge.cluster import SLOT_OF, read_slots
from gateway.knowledge.cluster_store import ClusterStore, open_store
from gateway.knowledge.connect import FOR_LOADING, connect
from gateway.knowledge.importers.loader import LoadError, ReputationLoader
from gateway.knowledge.keys import exchange_of, marker_key, partition_of, reputation_key
from gateway.knowledge.question import UNKNOWN
from gateway.knowledge.shared_chains import StoredChains
from gateway.knowledge.traffic import Subject, TrafficStore
from gateway.numbers.canonical import TelephoneNumber
from gateway.reputation.entry import ReputationEntry
from tests.knowledge.asking import ask, batches, claim, entry, eventually
from tests.redis_cluster import PRIMARIES, SLOTS, RedisCluster, running_cluster


def primary_of(tn: TelephoneNumber) -> int:
    """Which of the three first has the number's partition."""
    return SLOT_OF[partition_of(exchange_of(tn))] * PRIMARIES // SLOTS


def numbers_of(primary: int, count: int = 5) -> list[TelephoneNumber]:
    """Numbers of different exchanges whose partitions that primary has."""
    every = (TelephoneNumber(f"4420794{number:05d}") for number in range(0, 100_000, 10_000))
    more = (TelephoneNumber(f"44161{number:03d}0001") for number in range(1000))
    return [tn for tn in (*every, *more) if primary_of(tn) == primary][:count]


@pytest.fixture
def cluster() -> Iterator[RedisCluster]:
    with running_cluster() as running:
        yield running


@pytest.fixture
def replicated() -> Iterator[RedisCluster]:
    with running_cluster(replicas=True) as running:
        yield running


@asynccontextmanager
async def loaded(cluster: RedisCluster) -> AsyncIterator[tuple[Knowledge, ClusterStore, ReputationLoader]]:
    patient = connect(cluster.url, patience=FOR_LOADING)
    loader = ReputationLoader(patient)
    every = [tn for primary in range(PRIMARIES) for tn in numbers_of(primary)]
    await loader.rebuild(batches(*((tn, entry(3)) for tn in every)))
    async with open_store(connect(cluster.url)) as store:
        assert isinstance(store, ClusterStore)
        knowledge = Knowledge(store)
        try:
            yield knowledge, store, loader
        finally:
            await knowledge.close()
            await patient.aclose()


async def is_known(knowledge: Knowledge, tn: TelephoneNumber) -> bool:
    found = await ask(knowledge, tn, replay=claim(orig=tn))
    if found.degraded:
        # A server that came back empty has no reputation, and counts replays at once.
        assert found.degraded in (("reputation", "replay"), ("reputation",))
        assert found.reputation == {tn: UNKNOWN}
        return False
    assert found.reputation == {tn: entry(3)}
    return True


async def eventually_known(knowledge: Knowledge, tn: TelephoneNumber, what: ReputationEntry) -> None:
    """On busy cores a batch's 20 ms may be over before the second answer, and then the next call has it."""
    async with asyncio.timeout(60):
        while (await ask(knowledge, tn)).reputation != {tn: what}:  # noqa: ASYNC110 - it is asked each time
            await asyncio.sleep(0.01)


async def everywhere(knowledge: Knowledge) -> list[bool]:
    """Whether the numbers of each primary are known, all asked at once."""
    found = await asyncio.gather(
        *(is_known(knowledge, tn) for primary in range(PRIMARIES) for tn in numbers_of(primary))
    )
    return [all(found[first : first + 5]) for first in range(0, len(found), 5)]


async def see(knowledge: Knowledge, expected: list[bool]) -> None:
    """Whole within a moment where it should be (busy cores outlast 20 ms), never where it should not."""
    async with asyncio.timeout(60):
        while (found := await everywhere(knowledge)) != expected:
            assert all(wanted or not is_there for wanted, is_there in zip(expected, found, strict=True))
            await asyncio.sleep(0.01)


async def test_a_call_whose_numbers_lie_on_three_primaries_is_answered_whole(cluster):
    async with loaded(cluster) as (knowledge, _, _):
        tns = [numbers_of(primary)[0] for primary in range(PRIMARIES)]
        found = await ask(knowledge, *tns, replay=claim(orig=tns[1]))
        assert found.reputation == dict.fromkeys(tns, entry(3))
        assert (found.replay_distinct_calls, found.degraded) == (1, ())
        assert knowledge.health.answering


async def test_a_dead_primary_degrades_its_own_partitions_only_until_it_is_back(cluster):
    async with loaded(cluster) as (knowledge, store, loader):
        cluster.nodes[1].pause()
        async with asyncio.timeout(30):  # redis-py would wait for 59 s
            assert not (await everywhere(knowledge))[1]
        for _ in range(20):
            await see(knowledge, [True, False, True])
        assert not store.resting
        assert not knowledge.health.answering
        await see(knowledge, [True, False, True])
        both = await ask(knowledge, numbers_of(0)[0], numbers_of(1)[0])
        assert both.reputation == {numbers_of(0)[0]: entry(3), numbers_of(1)[0]: UNKNOWN}
        assert both.degraded == ("reputation",)
        cluster.nodes[1].kill()
        await see(knowledge, [True, False, True])
        cluster.nodes[1].start()
        # Started anew and empty: unknown, never clean; and only its partitions are made again.
        async with asyncio.timeout(60):
            while not (marks := await loader.look()).missing:
                await see(knowledge, [True, False, True])
        await see(knowledge, [True, False, True])
        assert {SLOT_OF[each] * PRIMARIES // SLOTS for each in marks.missing} == {1}
        every = [(tn, entry(3)) for primary in range(PRIMARIES) for tn in numbers_of(primary)]
        await loader.rebuild(batches(*every), partitions=marks.missing)
        await eventually(lambda: knowledge.health.answering)
        await see(knowledge, [True, True, True])


async def test_what_is_loaded_goes_to_every_primary_that_is_there(cluster):
    async with loaded(cluster) as (knowledge, _, loader):
        cluster.nodes[2].kill()
        marks = await loader.look()
        assert marks.away
        assert not marks.missing
        changed = [(numbers_of(primary)[0], entry(9)) for primary in range(PRIMARIES)]
        there = marks.complete
        assert await loader.update(changed, partitions=there) == 2
        found = [await ask(knowledge, numbers_of(primary)[0]) for primary in range(2)]
        assert [list(each.reputation.values()) for each in found] == [[entry(9)], [entry(9)]]
        with pytest.raises(LoadError):
            await loader.update(changed)


async def test_a_replica_takes_over_and_everything_is_whole_again(replicated):
    async with loaded(replicated) as (knowledge, _, loader):
        before = (await loader.look()).runs
        replicated.nodes[0].kill()
        lost = 0
        async with asyncio.timeout(60):
            while not all(await everywhere(knowledge)):
                lost += 1
                await asyncio.sleep(0.02)
        assert lost
        marks = await loader.look()
        assert len(marks.complete) == len(before)
        # A replica may lack what was written last: by its run id it is seen to be another server.
        changed = {partition for partition, run in marks.runs.items() if before[partition] != run}
        assert {SLOT_OF[each] * PRIMARIES // SLOTS for each in changed} == {0}


async def test_a_slot_that_moved_is_followed_at_once_and_one_on_its_way_costs_its_own_calls(cluster):
    async with loaded(cluster) as (knowledge, _, loader):
        tn = numbers_of(0)[0]
        partition = partition_of(exchange_of(tn))
        slot = SLOT_OF[partition]
        names = []
        for node in cluster.nodes:
            with node.client() as client:
                names.append(client.execute_command("CLUSTER MYID"))
        with cluster.nodes[0].client() as source, cluster.nodes[1].client() as target:
            target.execute_command("CLUSTER SETSLOT", slot, "IMPORTING", names[0])
            source.execute_command("CLUSTER SETSLOT", slot, "MIGRATING", names[1])
            half = [marker_key(partition)]
            source.execute_command("MIGRATE", "127.0.0.1", cluster.ports[1], "", 0, 5000, "KEYS", *half)
            assert (await ask(knowledge, tn)).degraded == ("reputation",)
            assert (await ask(knowledge, numbers_of(0)[1])).degraded == ()
            rest = [reputation_key(exchange_of(tn), partition)]
            source.execute_command("MIGRATE", "127.0.0.1", cluster.ports[1], "", 0, 5000, "KEYS", *rest)
            # All of it is at the target already, which serves it to those who are sent: ASK.
            await eventually_known(knowledge, tn, entry(3))
            for client in (target, source):
                client.execute_command("CLUSTER SETSLOT", slot, "NODE", names[1])
        await eventually_known(knowledge, tn, entry(3))
        await loader.update([(tn, entry(5))])
        await eventually_known(knowledge, tn, entry(5))


async def test_lost_functions_are_loaded_where_they_are_missing(cluster):
    async with loaded(cluster) as (knowledge, _, _):
        with cluster.nodes[1].client() as client:
            client.function_flush("SYNC")
        await see(knowledge, [True, True, True])


async def test_chains_and_counts_lie_on_all_primaries_and_a_dead_one_takes_its_own(cluster):
    async with loaded(cluster) as (_, store, _):
        chains = StoredChains(store)
        pem = SharedPem(b"-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n", 600)
        places = [f"https://example.org/{number}.pem" for number in range(30)]
        for place in places:
            await chains.put(place, pem)
        assert [await chains.get(place) is not None for place in places] == [True] * 30
        patient = connect(cluster.url, patience=FOR_LOADING)
        counts = {Subject(f"trunk:{number}", number): [1] * 8 for number in range(0, 256, 16)}
        assert set(await TrafficStore(patient).tell(counts, window_seconds=86_400)) == set(counts)
        cluster.nodes[2].kill()
        kept = [await chains.get(place) is not None for place in places]
        assert 0 < sum(kept) < 30
        told = await TrafficStore(patient).tell(counts, window_seconds=86_400)
        assert {SLOT_OF[each.partition] * PRIMARIES // SLOTS for each in told} == {0, 1}
        assert all(shape.calls == 2 for shape in told.values())
        await patient.aclose()


async def test_a_server_of_a_cluster_named_as_a_single_one_says_what_to_write(cluster):
    async with open_store(connect(f"redis://127.0.0.1:{cluster.ports[0]}")) as store:
        found = await ask(Knowledge(store), numbers_of(1)[0])
        assert found.degraded == ("reputation",)
        assert "redis+cluster://" in store.health.problem


async def test_where_no_node_answers_nobody_waits(cluster):
    cluster.close()
    async with open_store(connect(cluster.url)) as store:
        assert store.resting
        assert (await ask(Knowledge(store), numbers_of(0)[0])).degraded == ("reputation",)
        for node in cluster.nodes:
            node.start()
        await eventually(lambda: store.health.answering)


@pytest.mark.parametrize("slots", [[], [[0, 1]], "x", [[0, 16_383, [b"", "x"]]], [["a", 2, [b"h", 1]]], None])
def test_a_reply_that_is_no_map_of_slots_is_refused(slots):
    with pytest.raises((ValueError, TypeError, IndexError)):
        read_slots(slots, asked="example.org")


def test_a_node_without_a_name_has_the_one_it_was_asked_by():
    primaries, replicas = read_slots(
        [[0, 16_383, [b"", 7000, b"id"], [b"two.example.org", 7001, b"id"]]], asked="one.example.org"
    )
    assert list(primaries) == [("one.example.org", 7000)]
    assert replicas == [("two.example.org", 7001)]
    assert len(primaries["one.example.org", 7000]) == 256
