from __future__ import annotations

from dataclasses import replace

from sqlalchemy import select

from gateway.record import outbox
from gateway.record import schema as tables
from gateway.record.heads import GENESIS_HASH
from gateway.record.outbox import ChangeKind, Position, announce_change, changes_since, read_position


async def announce(record, *ids):
    async with record.write() as transaction:
        for subject_id in ids:
            await announce_change(transaction, ChangeKind.TOKEN, subject_id=subject_id, now=1)


async def since(record, position):
    async with record.read() as transaction:
        changes = await changes_since(transaction, position)
    return None if changes is None else [(each.position.sequence, each.subject_id) for each in changes]


async def positions(record):
    """Of all changes that are kept."""
    async with record.read() as transaction:
        rows = await transaction.execute(select(tables.outbox).order_by(tables.outbox.c.sequence))
        return [Position(row.sequence, row.mark) for row in rows]


async def test_changes_come_in_order_without_gaps(record):
    assert await since(record, Position(0)) == []
    await announce(record, 5, 6)
    await announce(record, 5)
    assert await since(record, Position(0)) == [(1, 5), (2, 6), (3, 5)]
    _, second, third = await positions(record)
    assert await since(record, second) == [(3, 5)]
    assert await since(record, third) == []
    async with record.read() as transaction:
        assert await read_position(transaction) == third


async def test_a_follower_too_far_behind_or_ahead_is_told_to_start_over(record, monkeypatch):
    monkeypatch.setattr(outbox, "KEPT_CHANGES", 2)
    await announce(record, 1, 2)
    first, second = await positions(record)
    await announce(record, 3, 4)
    third, fourth = await positions(record)
    assert await since(record, Position(0)) is None
    assert await since(record, first) is None
    assert await since(record, second) is None  # the row that would prove it was of this record is gone
    assert await since(record, third) == [(4, 4)]
    assert await since(record, replace(fourth, sequence=5)) is None


async def test_the_same_number_with_another_mark_is_another_change(record):
    await announce(record, 1, 2, 3)
    _, second, third = await positions(record)
    assert second.mark != third.mark
    assert await since(record, replace(second, mark=third.mark)) is None
    assert await since(record, replace(third, mark=second.mark)) is None
    assert await since(record, replace(third, mark=GENESIS_HASH)) is None
