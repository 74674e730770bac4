from __future__ import annotations

import asyncio
import contextlib

import pytest
from sqlalchemy import text

from gateway.record import RecordError, open_record
from gateway.record.audit import append_audit, verify_chain


async def append(record, number):
    async with record.write() as transaction:
        await append_audit(
            transaction,
            at=1_000 + number,
            actor="tests",
            action="try",
            subject=f"row:{number}",
            detail={"n": number},
        )


async def verify(record):
    async with record.read() as transaction:
        return await verify_chain(transaction)


async def tamper(record, *statements):
    """As a hand in the file would: the triggers are no hindrance to it."""
    async with record.write() as transaction:
        triggers = (
            ("audit_refuses_changes ON audit",)
            if transaction.dialect.name == "postgresql"
            else ("audit_refuses_update", "audit_refuses_delete")
        )
        for statement in (*(f"DROP TRIGGER {trigger}" for trigger in triggers), *statements):
            await transaction.execute(text(statement))


async def test_an_empty_chain_is_intact(record):
    report = await verify(record)
    assert (report.is_intact, report.rows, report.head.sequence) == (True, 0, 0)


async def test_two_appenders_with_records_of_their_own_make_one_chain(record_location, record):
    other = await open_record(record_location)
    await asyncio.gather(*(append((record, other)[number % 2], number) for number in range(60)))
    await other.close()
    report = await verify(record)
    assert (report.is_intact, report.rows, report.head.sequence) == (True, 60, 60)


async def test_a_refused_change_leaves_no_gap(record):
    await append(record, 1)
    with contextlib.suppress(ZeroDivisionError):
        async with record.write() as transaction:
            await append_audit(transaction, at=1, actor="a", action="b", subject="c", detail={})
            raise ZeroDivisionError
    await append(record, 2)
    assert (await verify(record)).is_intact


@pytest.mark.parametrize(
    ("statements", "sequence", "problem"),
    [
        (["UPDATE audit SET actor = 'someone' WHERE sequence = 3"], 3, "changed after it was written"),
        (["UPDATE audit SET detail = '{}' WHERE sequence = 3"], 3, "changed after it was written"),
        (["UPDATE audit SET at = 5 WHERE sequence = 3"], 3, "changed after it was written"),
        (["DELETE FROM audit WHERE sequence = 3"], 4, "rows 3 to 3 are missing"),
        (["DELETE FROM audit WHERE sequence = 1"], 2, "rows 1 to 1 are missing"),
        (["DELETE FROM audit WHERE sequence = 5"], 4, "its head says row 5"),
        (["DELETE FROM audit"], 0, "its head says row 5"),
        (["UPDATE heads SET sequence = 9 WHERE chain = 'audit'"], 5, "its head says row 9"),
        (
            [
                "UPDATE audit SET sequence = -2 WHERE sequence = 2",
                "UPDATE audit SET sequence = 2 WHERE sequence = 3",
                "UPDATE audit SET sequence = 3 WHERE sequence = -2",
            ],
            2,
            "does not follow",
        ),
    ],
)
async def test_an_edit_a_removal_and_a_reorder_are_found_where_they_are(
    record, statements, sequence, problem
):
    for number in range(5):
        await append(record, number)
    await tamper(record, *statements)
    report = await verify(record)
    assert not report.is_intact
    assert report.breaks[0].sequence == sequence
    assert problem in report.breaks[0].problem


@pytest.mark.parametrize("statement", ["UPDATE audit SET actor = 'x'", "DELETE FROM audit"])
async def test_the_database_itself_refuses_to_rewrite_the_audit(record, statement):
    await append(record, 1)
    # An IntegrityError for SQLAlchemy on SQLite: it is the statement that is wrong, not the database.
    with pytest.raises(Exception, match="append-only"):
        async with record.write() as transaction:
            await transaction.execute(text(statement))
    assert (await verify(record)).is_intact


async def test_a_damaged_record_is_a_record_error(record):
    async with record.write() as transaction:
        await transaction.execute(text("DROP TABLE heads"))
    with pytest.raises(RecordError, match=r"no such table|\"heads\" does not exist"):
        await append(record, 1)
