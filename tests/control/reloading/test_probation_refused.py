"""A roll-back that is refused does not end a probation."""

from __future__ import annotations

import pytest

from gateway.control.journal.latest_calls import LatestCalls
from gateway.control.reloading import probation
from gateway.control.reloading.changes import Changes
from gateway.control.reloading.probation import AGAIN_SECONDS, OnProbation
from gateway.control.trust.trust_task import FreshTrust
from gateway.generation.problem import Problem
from gateway.record import open_record, record_path
from tests.control.journal.test_call_lines import RECORD
from tests.control.reloading.test_reload import Node, anchor_pem, node

__all__ = ["anchor_pem", "node"]


@pytest.fixture
async def record(tmp_path):
    opened = await open_record(record_path(tmp_path))
    yield opened
    await opened.close()


async def test_a_roll_back_that_a_worker_refuses_is_tried_again_after_a_pause(
    node: Node, record, tmp_path, monkeypatch
):
    too_much = Problem("policy.toml", None, "", "too many would be blocked")
    monkeypatch.setattr(probation, "over_limit", lambda _found, _limit: too_much)
    node.reloader.begin()
    first = node.reloader.generation.policy_digest
    node.change()
    assert (await node.reloader.reload()).taken
    begun = now = node.reloader.current.probation.until - 10 * AGAIN_SECONDS

    async def nothing(*_) -> bool:
        return True

    trust = FreshTrust(node.reloader.configured, put_in_force=nothing, tell=nothing)
    changes = Changes(record=record, reloader=node.reloader, trust=trust, directory=tmp_path / "data")
    on_probation = OnProbation(
        reloader=node.reloader, changes=changes, latest=LatestCalls(), clock=lambda: now
    )
    node.supervisor.states = ["confirmed", "refused"]
    await on_probation.take([RECORD])
    assert node.supervisor.announced == [2, 3, 2]
    assert on_probation.found is not None
    await on_probation.take([RECORD])
    assert node.supervisor.announced == [2, 3, 2]
    now = begun + AGAIN_SECONDS
    await on_probation.take([RECORD])
    assert node.supervisor.announced == [2, 3, 2, 3]
    assert node.reloader.generation.policy_digest == first
    await trust.close()
