"""What a record that is away does not take is counted once, when it is back."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from sqlalchemy import text

from gateway.control.evidence.call_paths import CallPaths
from gateway.control.evidence.traffic import Traffic
from gateway.generation.generation import build_policy
from gateway.journal import CallEvent, CallEvents
from gateway.knowledge.connect import FOR_LOADING, connect
from gateway.knowledge.traffic import TrafficStore
from gateway.record import RecordError
from gateway.record.scorecards import Counted
from tests.control.journal.test_call_lines import RECORD
from tests.generation.conftest import anchor_pem, committed, texts_of
from tests.record_on_both import record, record_location
from tests.valkey import running_valkey

__all__ = ["anchor_pem", "committed", "record", "record_location"]

CALL = msgspec.structs.replace(RECORD, identities=("a.b;info=<x>",), fingerprint="ab" * 32, spcs=("1234",))
EVENT = CallEvent(
    time=RECORD.time, trunk="intl", call_id="a@example.org", orig="442079460123", dest="441614960000",
    answered=True, duration_seconds=3, cause=None,
)  # fmt: skip


async def rename(record, old: str, new: str) -> None:
    async with record.write() as transaction:
        await transaction.execute(text(f"ALTER TABLE {old} RENAME TO {new}"))


@pytest.fixture
async def traffic(record, tmp_path: Path, committed):
    policy = build_policy(texts_of(committed))
    assert not isinstance(policy, list), policy

    async def renew(_) -> None:
        """No honeypot is called here."""

    with running_valkey() as valkey:
        servers = connect(valkey.url, patience=FOR_LOADING)
        yield Traffic(
            record,
            TrafficStore(servers),
            CallPaths(tmp_path / "paths"),
            policy=lambda: policy,
            renew=renew,
            leaders_record=lambda: None,
        )
        await servers.aclose()


async def test_a_portion_that_failed_and_comes_again_is_summed_once(record, traffic):
    portion = [CALL, CallEvents(time=RECORD.time, events=(EVENT,))]
    await rename(record, "call_events", "away")
    for _ in range(3):
        with pytest.raises(RecordError):
            await traffic.take(portion)
    await rename(record, "away", "call_events")
    await traffic.take(portion)
    assert {(kind, shape.calls) for kind, _, shape in traffic.sums()} == {("trunk", 1), ("certificate", 1)}
    [(_, counted)] = traffic.scorekeeper.take().items()
    assert counted.calls == 1


async def test_what_a_scorecard_could_not_take_waits_with_what_was_counted_since(record, traffic):
    await traffic.take([CALL])
    await rename(record, "scorecards", "away")
    with pytest.raises(RecordError):
        await traffic.settle()
    await traffic.take([CALL])
    await rename(record, "away", "scorecards")
    [(_, counted)] = traffic.scorekeeper.take().items()
    assert (counted.calls, counted.attested_a) == (2, 2)


def test_counts_that_are_put_together_keep_their_extremes():
    one, other = (
        Counted(calls=1, skew_low=-2.0, skew_high=1.0),
        Counted(calls=2, skew_low=-1.0, skew_high=4.0),
    )
    one.add(other)
    assert one == Counted(calls=3, skew_low=-2.0, skew_high=4.0)
