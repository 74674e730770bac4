from __future__ import annotations

import asyncio
import contextlib

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from gateway.record import RecordError, open_record, record_path
from gateway.record.people_tables import people


async def test_migrations_make_exactly_the_tables_of_the_schema(record):
    async with record.read() as transaction:
        differences = await transaction.run_sync(
            lambda connection: compare_metadata(MigrationContext.configure(connection), people.metadata)
        )
    assert differences == []


async def test_opening_again_keeps_what_is_there(record_location, record):
    async with record.write() as transaction:
        await transaction.execute(text("UPDATE heads SET sequence = 7 WHERE chain = 'outbox'"))
    again = await open_record(record_location)
    async with again.read() as transaction:
        assert (await transaction.execute(text("SELECT max(sequence) FROM heads"))).scalar_one() == 7
    await again.close()


@pytest.fixture
async def file(tmp_path):
    """A record in a file, for what only files have."""
    opened = await open_record(record_path(tmp_path))
    yield opened
    await opened.close()


async def test_a_commit_to_a_file_survives_power_loss_and_foreign_keys_hold(file):
    async with file.read() as transaction:
        pragmas = {
            name: (await transaction.execute(text(f"PRAGMA {name}"))).scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


async def test_only_the_owner_can_read_the_files(tmp_path, file):
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    assert modes == dict.fromkeys(("record.sqlite", "record.sqlite-wal", "record.sqlite-shm"), 0o600)


async def test_a_failed_transaction_leaves_nothing(record):
    with contextlib.suppress(ZeroDivisionError):
        async with record.write() as transaction:
            await transaction.execute(text("DELETE FROM heads"))
            raise ZeroDivisionError
    async with record.read() as transaction:
        assert (await transaction.execute(text("SELECT count(*) FROM heads"))).scalar_one() == 2


async def test_a_record_of_a_newer_callmark_is_refused_in_words(record_location, record):
    async with record.write() as transaction:
        await transaction.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(
        RecordError, match=r"written by a newer Callmark: this one knows versions up to \d{4}\."
    ):
        await open_record(record_location)


async def test_what_is_no_database_is_refused_in_words(tmp_path):
    path = record_path(tmp_path)
    path.write_text("these are not the bytes of a database, and there are more than a hundred of them, " * 20)
    with pytest.raises(RecordError, match="cannot be used: file is not a database"):
        await open_record(path)


async def test_a_directory_that_is_not_there_is_refused_in_words(tmp_path):
    with pytest.raises(RecordError, match="No such file or directory"):
        await open_record(record_path(tmp_path / "absent"))


async def test_writers_take_turns_even_with_records_of_their_own(record_location, record):
    """What a transaction read is still true when it writes: nobody's step is lost."""
    other = await open_record(record_location)

    async def step(mine):
        async with mine.write() as transaction:
            found = await transaction.execute(text("SELECT sequence FROM heads WHERE chain = 'audit'"))
            value = found.scalar_one()
            await asyncio.sleep(0)
            await transaction.execute(
                text("UPDATE heads SET sequence = :next WHERE chain = 'audit'"), {"next": value + 1}
            )

    await asyncio.gather(*(step((record, other)[number % 2]) for number in range(40)))
    await other.close()
    async with record.read() as transaction:
        found = await transaction.execute(text("SELECT sequence FROM heads WHERE chain = 'audit'"))
        assert found.scalar_one() == 40


async def test_a_reader_sees_one_snapshot_and_cannot_write(record_location, record):
    count = text("SELECT sum(sequence) FROM heads")
    async with record.read() as transaction:
        before = (await transaction.execute(count)).scalar_one()
        other = await open_record(record_location)
        async with other.write() as writing:
            await writing.execute(text("UPDATE heads SET sequence = sequence + 1"))
        await other.close()
        assert (await transaction.execute(count)).scalar_one() == before


async def test_two_nodes_that_start_at_once_make_one_set_of_tables(record_location):
    opened = await asyncio.gather(*(open_record(record_location) for _ in range(3)))
    for each in opened:
        async with each.read() as transaction:
            assert (await transaction.execute(text("SELECT count(*) FROM heads"))).scalar_one() == 2
        await each.close()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql://user:secret@127.0.0.1:1/callmark", "127.0.0.1:1/callmark cannot be used: "),
        ("postgresql://user:secret@/none?host=/nowhere/at/all", "postgresql:///none cannot be used: "),
        ("mysql://user:secret@db/callmark", "neither sqlite:/// nor postgresql://"),
    ],
)
async def test_a_server_that_is_not_there_is_told_in_words_without_the_password(url, words):
    with pytest.raises(RecordError) as raised:
        await open_record(url)
    assert words in str(raised.value)
    assert "secret" not in str(raised.value)


async def test_a_database_that_is_not_there_is_told_in_words(postgresql):
    url = postgresql.new_database().replace("/test_", "/absent_")
    with pytest.raises(RecordError, match='cannot be used: database "absent_'):
        await open_record(url)


async def test_a_server_that_closed_our_connections_is_asked_again(postgresql):
    opened = await open_record(postgresql.new_database())
    async with opened.read() as transaction:
        await transaction.execute(text("SELECT 1"))
    async with opened.write() as transaction:
        await transaction.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    async with opened.read() as transaction:
        assert (await transaction.execute(text("SELECT 1"))).scalar_one() == 1
    await opened.close()


async def test_whoever_is_cancelled_anywhere_gives_the_connection_back_whole(record, caplog):
    async def look() -> None:
        async with record.read() as transaction:
            await transaction.execute(text("SELECT count(*) FROM heads"))

    for steps in range(60):
        task = asyncio.create_task(look())
        for _ in range(steps):
            # So that what a thread or the server answers comes in between, and a cancellation in each place.
            await asyncio.sleep(0.0001)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await look()
    assert [line.getMessage() for line in caplog.records if line.name.startswith("sqlalchemy")] == []
