from __future__ import annotations

from gateway.record import outbox
from gateway.record.outbox import ChangeKind, announce_change, changes_since, read_sequence


async def announce(record, *ids):
    async with record.write() as transaction:
        for subject_id in ids:
            await announce_change(transaction, ChangeKind.TOKEN, subject_id=subject_id, now=1)


async def since(record, sequence):
    async with record.read() as transaction:
        changes = await changes_since(transaction, sequence)
    return None if changes is None else [(change.sequence, change.subject_id) for change in changes]


async def test_changes_come_in_order_without_gaps(record):
    await announce(record, 5, 6)
    await announce(record, 5)
    assert await since(record, 0) == [(1, 5), (2, 6), (3, 5)]
    assert await since(record, 2) == [(3, 5)]
    assert await since(record, 3) == []
    async with record.read() as transaction:
        assert await read_sequence(transaction) == 3


async def test_a_follower_too_far_behind_or_ahead_is_told_to_start_over(record, monkeypatch):
    monkeypatch.setattr(outbox, "KEPT_CHANGES", 2)
    await announce(record, 1, 2, 3, 4)
    assert await since(record, 1) is None
    assert await since(record, 2) == [(3, 3), (4, 4)]
    assert await since(record, 5) is None
