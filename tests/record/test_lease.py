from __future__ import annotations

import asyncio
import time

import pytest
from sqlalchemy import func, select

from gateway.record import Record, lease
from gateway.record.lease import (
    LeadersRecord,
    Lease,
    LeaseLostError,
    database_time,
    release_lease,
    take_lease,
)
from gateway.record.nodes import NodeState, read_nodes, tell_of_node
from gateway.record.schema import nodes


async def take(record: Record, holder: str) -> Lease:
    async with record.write() as transaction:
        return await take_lease(transaction, holder=holder)


async def test_one_holds_it_renews_it_and_gives_it_back_with_a_new_term_for_the_next(record):
    first = await take(record, "a")
    assert (first.holder, first.term) == ("a", 1)
    other = await take(record, "b")
    assert (other.holder, other.term) == ("a", 1)
    assert 0 < other.left_seconds <= lease.LEASE_SECONDS
    assert (await take(record, "a")).term == 1
    async with record.write() as transaction:
        await release_lease(transaction, first)
    assert await take(record, "b") == Lease("b", 2, lease.LEASE_SECONDS)
    async with record.write() as transaction:
        await release_lease(transaction, first)  # a late word of the first changes nothing
    assert (await take(record, "a")).holder == "b"


async def test_a_lease_that_ran_out_is_anybodys_and_what_the_old_leader_writes_is_refused(
    record, monkeypatch
):
    monkeypatch.setattr(lease, "LEASE_SECONDS", 0.2)
    old = await take(record, "a")
    async with asyncio.timeout(60):
        while (new := await take(record, "b")).holder != "b":
            pass
    assert new.term == 2
    state = NodeState(id="x", name="x", plane="all", version="0", generation=None, digest=None, problems=())
    with pytest.raises(LeaseLostError):
        async with LeadersRecord(record, old).write() as transaction:
            await tell_of_node(transaction, state)
    async with LeadersRecord(record, new).write() as transaction:
        await tell_of_node(transaction, state)
    async with LeadersRecord(record, old).read() as transaction:
        assert (await transaction.execute(select(func.count()).select_from(nodes))).scalar_one() == 1


async def test_of_many_who_try_at_once_one_has_it(record):
    found = await asyncio.gather(*(take(record, f"holder-{number}") for number in range(10)))
    assert len({(each.holder, each.term) for each in found}) == 1


async def test_the_clock_is_the_databases(record, monkeypatch):
    monkeypatch.setattr(time, "time", lambda: 0.0)
    async with record.read() as transaction:
        first = await database_time(transaction)
        assert first > 1_700_000_000
        assert await database_time(transaction) >= first


async def test_nodes_are_told_of_by_their_last_word_and_forgotten_after_a_week(record):
    first = NodeState(
        id="1",
        name="one",
        plane="calls",
        version="1",
        generation=3,
        digest="d",
        problems=["no worker is ready"],
    )
    second = NodeState(
        id="2", name="two", plane="all", version="2", generation=None, digest=None, problems=()
    )
    for state in (second, first, NodeState(**{**_fields(first), "generation": 4})):
        async with record.write() as transaction:
            await tell_of_node(transaction, state)
    async with record.read() as transaction:
        found = await read_nodes(transaction)
    assert [(each.state.name, each.state.generation) for each in found] == [("one", 4), ("two", None)]
    assert list(found[0].state.problems) == ["no worker is ready"]
    assert all(0 <= each.silent_seconds < 60 for each in found)
    async with record.write() as transaction:
        await transaction.execute(nodes.update().where(nodes.c.id == "2").values(seen_at=1.0))
        await tell_of_node(transaction, first)
    async with record.read() as transaction:
        assert [each.state.id for each in await read_nodes(transaction)] == ["1"]


def _fields(state: NodeState) -> dict[str, object]:
    return {name: getattr(state, name) for name in state.__slots__}


async def test_the_leaders_record_says_where_it_is_and_does_not_close_anothers(record):
    leaders = LeadersRecord(record, await take(record, "a"))
    assert leaders.where == record.where
    await leaders.close()
    assert (await take(record, "a")).holder == "a"
