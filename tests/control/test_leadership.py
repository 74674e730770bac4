"""Two control processes' leaderships on one PostgreSQL."""

from __future__ import annotations

import asyncio

import pytest

from gateway.control.leadership import Leadership
from gateway.record import open_record
from gateway.record.nodes import NodeState


def state(number: int) -> NodeState:
    return NodeState(
        id=str(number), name="n", plane="all", version="1", generation=1, digest="d", problems=()
    )


@pytest.fixture
async def records(postgresql):
    url = postgresql.new_database()
    one, two = await open_record(url), await open_record(url)
    yield one, two
    await one.close()
    await two.close()


async def test_one_leads_until_it_gives_the_lead_back_and_nodes_know_who(records):
    first, second = (Leadership(each, holder=str(n), may_lead=True) for n, each in enumerate(records))
    await first.beat(state(0))
    await second.beat(state(1))
    assert (first.leads, second.leads) == (True, False)
    assert (first.term, second.term) == (1, None)
    assert second.record() is None
    assert [each.state.leads for each in await second.nodes(state(1))] == [True, False]
    await first.release()
    assert not first.leads
    assert first.record() is None
    await second.beat(state(1))
    assert (second.leads, second.term) == (True, 2)


async def test_a_call_plane_never_leads(records):
    calls = Leadership(records[0], holder="calls", may_lead=False)
    await calls.beat(state(0))
    assert not calls.leads
    assert [each.state.leads for each in await calls.nodes(state(0))] == [False]


async def test_a_leader_that_cannot_renew_stops_before_another_may_begin(records, monkeypatch):
    leader = Leadership(records[0], holder="a", may_lead=True)
    await leader.beat(state(0))
    lease_ends = leader._lease.left_seconds
    assert leader._until < asyncio.get_running_loop().time() + lease_ends
    monkeypatch.setattr(leader, "_until", asyncio.get_running_loop().time() - 1)
    assert not leader.leads
    assert leader.record() is None


async def test_a_record_of_its_own_is_always_led(tmp_path):
    record = await open_record(tmp_path / "record.sqlite")
    alone = Leadership(record, holder="a", may_lead=False)
    assert alone.leads
    assert alone.record() is record
    [own] = await alone.nodes(state(7))
    assert own.state.id == "7"
    await alone.keep(lambda: state(7))  # nobody is there to be told
    await record.close()
