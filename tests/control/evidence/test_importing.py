from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from gateway.control.commands.problems import CommandError
from gateway.control.evidence.importing import ImportRequest, import_file
from gateway.knowledge.importers.room import Room
from gateway.record import open_record
from gateway.record.imports import begin_import, latest_imports
from gateway.record.sightings import sightings_of
from gateway.reputation.formats import LONGEST_LINE

NOW = 1763769600  # 2025-11-22
ROWS = "Company_Phone_Number\n2025550123\n2025550124\n123\n2025550123\n"


@pytest.fixture
async def record(tmp_path):
    opened = await open_record(tmp_path / "record.sqlite")
    yield opened
    await opened.close()


def request(tmp_path: Path, text: str | bytes, name: str = "2025-11-21.csv", **more) -> ImportRequest:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return ImportRequest(path=path, **({"format": "ftc-dnc", "feed": "ftc-dnc"} | more))


async def read(record, wanted, **more):
    return await import_file(record, wanted, actor="test", now=NOW, **more)


async def known_of(record, tn):
    async with record.read() as transaction:
        return await sightings_of(transaction, tn, today=date(2025, 11, 22))


async def test_lines_are_taken_and_refused_with_their_numbers(record, tmp_path):
    heard = []
    report = await read(
        record,
        request(tmp_path, ROWS),
        progress=lambda report: heard.append((report.step, report.done, report.total, report.taken)),
    )
    assert (report.taken, report.merged, report.refused, report.lines) == (3, 0, 1, 5)
    assert [problem.line for problem in report.problems] == [4]
    assert report.touched == {"12025550123", "12025550124"}
    assert report.newest_day == date(2025, 11, 21)
    assert heard == [
        ("2025-11-21.csv", len(ROWS), len(ROWS), 0),
        ("the record", 0, 3, 0),
        ("the record", 3, 3, 3),
    ]
    assert len(await known_of(record, "12025550123")) == 2


async def test_a_file_read_twice_is_merged_whole_and_changes_nothing(record, tmp_path):
    await read(record, request(tmp_path, ROWS))
    report = await read(record, request(tmp_path, ROWS))
    assert (report.taken, report.merged, report.refused) == (0, 3, 1)
    assert len(await known_of(record, "12025550123")) == 2


async def test_a_broken_off_import_goes_on_and_ends_as_if_it_had_not_been(record, tmp_path, monkeypatch):
    monkeypatch.setattr("gateway.control.evidence.import_spool.ROWS_AT_ONCE", 10)
    rows = "Company_Phone_Number\n" + "2025550123\n2025550124\nx\n" * 20
    wanted = request(tmp_path, rows)

    def break_off(so_far) -> None:
        if so_far.taken > 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await read(record, wanted, progress=break_off)
    report = await read(record, wanted)
    assert (report.taken, report.taken_before, report.merged, report.refused) == (40, 30, 0, 20)
    assert len(await known_of(record, "12025550123")) == 20
    assert report.touched == {"12025550123", "12025550124"}
    async with record.read() as transaction:
        [done] = await latest_imports(transaction)
    assert (done.finished_at, done.taken) == (NOW, 40)


@pytest.mark.parametrize("text", ["", "tn\n1\n", b"\xff\xfe\x00", "2025550123\n"])
async def test_a_file_of_another_kind_is_refused_and_nothing_is_written(record, tmp_path, text):
    with pytest.raises(CommandError, match="line 1"):
        await read(record, request(tmp_path, text))
    async with record.read() as transaction:
        assert await latest_imports(transaction) == []


async def test_a_missing_file_and_a_wrong_feed_name_are_sentences(record, tmp_path):
    with pytest.raises(CommandError, match="cannot be read"):
        await read(record, ImportRequest(path=tmp_path / "none.csv", format="csv", feed="x"))
    with pytest.raises(CommandError, match="feed name"):
        await read(record, request(tmp_path, ROWS, feed="No Name"))


async def test_what_is_stopped_while_it_is_read_has_changed_nothing(record, tmp_path):
    def break_off(so_far) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await read(record, request(tmp_path, ROWS), progress=break_off)
    async with record.read() as transaction:
        assert await latest_imports(transaction) == []


async def test_of_lines_that_name_one_sighting_the_first_counts(record, tmp_path):
    rows = "tn,day,label\n+442079460999,2025-11-21,first\n" + "+442079460123,2025-11-21,\n" * 20_000
    await read(record, request(tmp_path, rows + "+442079460999,2025-11-21,last\n", format="csv"))
    [known] = await known_of(record, "442079460999")
    assert known.label == "first"


async def test_a_line_without_end_is_refused_in_bounded_memory(record, tmp_path):
    endless = b"Company_Phone_Number\n" + b"9" * (50 * LONGEST_LINE) + b"\n2025550123\n" + b"8" * 5000
    report = await read(record, request(tmp_path, endless))
    assert (report.taken, report.refused) == (1, 2)
    assert [problem.line for problem in report.problems] == [2, 4]


async def test_the_same_file_of_another_feed_is_another_import(record, tmp_path):
    await read(record, request(tmp_path, ROWS))
    assert (await read(record, request(tmp_path, ROWS, feed="partner"))).taken == 3
    async with record.write() as transaction:
        again = await begin_import(transaction, feed="x", file_sha256="y", file_name="z", now=NOW)
    assert again.taken == 0


def scattered(numbers):
    return "Company_Phone_Number\n" + "".join(f"202{200 + n % 700}{n:04d}\n" for n in range(numbers))


async def test_what_redis_has_no_room_for_is_refused_before_anything_is_taken_in(record, tmp_path):
    wanted = request(tmp_path, scattered(2_000))
    with pytest.raises(CommandError) as caught:
        await read(record, wanted, room=Room(most=2 * 2**20, free=100_000))
    assert (
        "2025-11-21.csv names some 2,000 numbers, 2,000 of them new, which need some 0.2 MiB of Redis: "
        "of its 2.0 MiB (maxmemory) 0.1 MiB are free"
    ) in caught.value.problem
    async with record.read() as transaction:
        assert await latest_imports(transaction) == []


async def test_what_the_record_has_already_needs_no_room(record, tmp_path):
    wanted = request(tmp_path, scattered(2_000))
    await read(record, wanted, room=Room(most=2**30, free=2**29))
    again = await read(record, wanted, room=Room(most=2 * 2**20, free=100_000))
    assert again.merged == 2_000


async def test_a_number_named_over_and_over_needs_room_once(record, tmp_path):
    report = await read(
        record,
        request(tmp_path, "Company_Phone_Number\n" + "2025550123\n" * 900),
        room=Room(most=2**20, free=1_000),
    )
    assert report.taken == 900
