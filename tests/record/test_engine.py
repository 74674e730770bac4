from __future__ import annotations

import contextlib
import sqlite3

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from gateway.record import RecordError, open_record, record_path
from gateway.record.schema import metadata


async def test_migrations_make_exactly_the_tables_of_the_schema(record):
    async with record.read() as transaction:
        differences = await transaction.run_sync(
            lambda connection: compare_metadata(MigrationContext.configure(connection), metadata)
        )
    assert differences == []


async def test_opening_again_keeps_what_is_there(tmp_path, record):
    async with record.write() as transaction:
        await transaction.execute(text("UPDATE heads SET sequence = 7 WHERE chain = 'outbox'"))
    again = await open_record(record_path(tmp_path))
    async with again.read() as transaction:
        assert (await transaction.execute(text("SELECT max(sequence) FROM heads"))).scalar_one() == 7
    await again.close()


async def test_a_commit_survives_power_loss_and_foreign_keys_hold(record):
    async with record.read() as transaction:
        pragmas = {
            name: (await transaction.execute(text(f"PRAGMA {name}"))).scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


async def test_only_the_owner_can_read_the_files(tmp_path, record):
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    assert modes == dict.fromkeys(("record.sqlite", "record.sqlite-wal", "record.sqlite-shm"), 0o600)


async def test_a_failed_transaction_leaves_nothing(record):
    with contextlib.suppress(ZeroDivisionError):
        async with record.write() as transaction:
            await transaction.execute(text("DELETE FROM heads"))
            raise ZeroDivisionError
    async with record.read() as transaction:
        assert (await transaction.execute(text("SELECT count(*) FROM heads"))).scalar_one() == 2


async def test_a_record_of_a_newer_callmark_is_refused_in_words(tmp_path):
    path = record_path(tmp_path)
    await (await open_record(path)).close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(RecordError, match="written by a newer Callmark: this one knows versions up to 0002"):
        await open_record(path)


async def test_what_is_no_database_is_refused_in_words(tmp_path):
    path = record_path(tmp_path)
    path.write_text("these are not the bytes of a database, and there are more than a hundred of them, " * 20)
    with pytest.raises(RecordError, match="cannot be used: file is not a database"):
        await open_record(path)


async def test_a_directory_that_is_not_there_is_refused_in_words(tmp_path):
    with pytest.raises(RecordError, match="No such file or directory"):
        await open_record(record_path(tmp_path / "absent"))
