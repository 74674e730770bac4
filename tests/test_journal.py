from __future__ import annotations

import contextlib
import resource
import stat
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway import journal
from gateway.attestation.decide import TrunkKind
from gateway.control.journal import tail as tail_module
from gateway.control.journal.tail import JournalTail
from gateway.journal import Grounds, JournalWriter, Record
from gateway.journal_retention import Retention, begun_at, forget_old
from gateway.numbers.canonical import TelephoneNumber
from gateway.reputation.entry import FeedEvidence, ReputationEntry
from gateway.verdicts.call import Decision, Known

GROUNDS = Grounds(
    known=Known(
        decisions=(Decision("allow", None, "a customer", TelephoneNumber("442079460123")),),
        reputation=(
            (TelephoneNumber("442079460123"), ReputationEntry((FeedEvidence("x", 1, 1.0, 1, 1),), 99999)),
        ),
        replay_calls=2,
        degraded=("facts",),
    ),
    trunk_kind=TrunkKind.CUSTOMER,
    finding=("found 'D'", "attest"),
    resource_priority=frozenset({"ets.0"}),
    proven=("RPH-Validation-Passed", "stir.passed", ("ets.0",), None),
)


def a_record(number: int = 0, **how) -> Record:
    usual = {
        "time": 1795378385.25,
        "operation": "verdict",
        "call_id": f"call-{number}",
        "trunk": "domestic-1",
        "orig": "442079460123",
        "network_tn": None,
        "dests": ("441614960000",),
        "reason": "identity.missing",
        "generation": 1,
        "elapsed_ms": 1.5,
    }
    return Record(**(usual | how))


RECORD_BYTES = len(journal._ENCODER.encode(a_record(1000))) + 1


def write(writer: JournalWriter, *numbers: int) -> None:
    for number in numbers:
        writer.append([a_record(number)])
    writer.flush()


def numbers(tail: JournalTail) -> list[int]:
    """The numbers of the records read; -1 for one whose bytes were changed into another record."""
    read = (record.call_id.removeprefix("call-") for record in tail.read())
    return [int(text) if text.isascii() and text.isdigit() else -1 for text in read]


def segments(directory: Path) -> list[Path]:
    return sorted(directory.glob("*.ndjson"))


@pytest.fixture
def writer(tmp_path) -> Iterator[JournalWriter]:
    opened = JournalWriter(tmp_path / "journal", slot="1")
    yield opened
    opened.close()


@pytest.fixture
def tail(tmp_path) -> JournalTail:
    return JournalTail(tmp_path / "journal")


def test_a_record_comes_back_as_it_was(writer, tail):
    record = a_record(
        network_tn="447700900123",
        identities=("eyJ…;info=<https://example.org/a>\r\n",),
        grounds=GROUNDS,
        attest="A",
    )
    writer.append([record])
    writer.flush()
    assert list(tail.read()) == [record]


def test_only_the_owner_may_read_what_is_kept(writer, tmp_path):
    write(writer, 1)
    assert stat.S_IMODE((tmp_path / "journal").stat().st_mode) == 0o700
    assert [stat.S_IMODE(path.stat().st_mode) for path in segments(tmp_path / "journal")] == [0o600]


def test_nothing_is_on_the_disk_before_a_flush_and_everything_after_the_end(writer, tail):
    writer.append([a_record(1)])
    assert numbers(tail) == []
    writer.close()
    assert numbers(tail) == [1]


def test_more_than_the_buffer_holds_is_dropped_and_counted(writer, tail, monkeypatch):
    monkeypatch.setattr(journal, "BUFFER_BYTES", 10 * RECORD_BYTES)
    write(writer, *range(100))
    kept = numbers(tail)
    assert kept == list(range(len(kept)))
    assert 10 <= len(kept) <= 12
    assert writer.dropped == 100 - len(kept)
    write(writer, 100)
    assert numbers(tail) == [100]


def test_segments_are_bounded_in_size_and_number_and_the_oldest_goes_first(tail):
    writer = JournalWriter(tail._directory, slot="1", retention=Retention(bytes=20 * RECORD_BYTES))
    for number in range(1000, 1050):
        write(writer, number)
    writer.close()
    found = segments(tail._directory)
    assert len(found) == 4
    assert all(path.stat().st_size <= 6 * RECORD_BYTES for path in found)
    kept = numbers(tail)
    assert kept == list(range(kept[0], 1050))
    assert len(kept) >= 3 * 5


def test_rotation_leaves_other_workers_segments_alone(tmp_path, tail):
    other, writer = (
        JournalWriter(tmp_path / "journal", slot=slot, retention=Retention(bytes=4)) for slot in ("10", "1")
    )
    write(other, 7)
    for number in range(20):
        write(writer, number)
    assert 7 in numbers(tail)
    other.close()
    writer.close()


def test_each_record_is_read_once_and_in_order_while_both_go_on(tail, monkeypatch):
    writer = JournalWriter(tail._directory, slot="1", retention=Retention(bytes=80 * RECORD_BYTES))
    monkeypatch.setattr(tail_module, "READ_BYTES", 2 * RECORD_BYTES + 10)
    read: list[int] = []
    for number in range(0, 200, 7):
        write(writer, *range(number, number + 7))
        read += numbers(tail)
    assert read == list(range(203))
    assert tail.unreadable == 0
    writer.close()


def test_a_restarted_reader_goes_on_where_it_saved(writer, tail, tmp_path):
    write(writer, 1, 2)
    assert numbers(tail) == [1, 2]
    tail.save()
    write(writer, 3)
    assert numbers(JournalTail(tmp_path / "journal")) == [3]


def test_a_reader_that_stopped_early_goes_on_after_the_last_record_it_took(writer, tail, tmp_path):
    write(writer, 1, 2, 3)
    taken = tail.read()
    assert [next(taken).call_id, next(taken).call_id] == ["call-1", "call-2"]
    tail.save()
    assert numbers(JournalTail(tmp_path / "journal")) == [3]


def test_what_was_read_before_a_reader_was_made_is_given_again_and_nothing_else(writer, tail, tmp_path):
    write(writer, 1, 2)
    assert numbers(tail) == [1, 2]
    tail.save()
    write(writer, 3)
    restarted = JournalTail(tmp_path / "journal")
    assert numbers(restarted) == [3]
    write(writer, 4)
    assert [each.call_id for each in restarted.earlier(since=0)] == ["call-1", "call-2"]
    assert list(restarted.earlier(since=time.time() + 60)) == []


def test_a_segment_ends_after_a_part_of_the_time_it_is_kept(tail, monkeypatch):
    clock = [1_000_000.0]
    monkeypatch.setattr(journal.time, "time_ns", lambda: int(clock[0] * 1e9))
    monkeypatch.setattr(journal.time, "time", lambda: clock[0])
    writer = JournalWriter(tail._directory, slot="1", retention=Retention(seconds=2400))
    for number in range(6):
        write(writer, number)
        clock[0] += 50
    writer.close()
    assert [begun_at(path) for path in segments(tail._directory)] == [1_000_000, 1_000_100, 1_000_200]
    assert numbers(tail) == list(range(6))


def test_records_are_removed_when_they_are_as_old_as_was_declared(tmp_path):
    retention = Retention(seconds=3600)
    for slot, begun in (("0", 1000), ("0", 4000), ("9", 1500)):
        (tmp_path / f"{slot}-{begun * 10**9:020d}.ndjson").write_bytes(b"{}\n")
    (tmp_path / "position.json").write_bytes(b"{}")
    forget_old(tmp_path, retention, now=4600)
    assert len(segments(tmp_path)) == 3
    forget_old(tmp_path, retention, now=5101)
    assert [begun_at(path) for path in segments(tmp_path)] == [4000]
    forget_old(tmp_path, retention, now=99999)
    assert [path.name for path in tmp_path.iterdir()] == ["position.json"]


def test_a_restarted_worker_begins_a_segment_of_its_own(tmp_path, tail):
    for number in (1, 2):
        writer = JournalWriter(tmp_path / "journal", slot="1")
        write(writer, number)
        writer.close()
    assert len(segments(tmp_path / "journal")) == 2
    assert numbers(tail) == [1, 2]


def test_a_line_is_read_when_it_is_whole(writer, tail):
    write(writer, 1)
    (segment,) = segments(tail._directory)
    line = journal._ENCODER.encode(a_record(2)) + b"\n"
    with segment.open("ab") as file:
        file.write(line[:40])
    assert numbers(tail) == [1]
    with segment.open("ab") as file:
        file.write(line[40:])
    assert numbers(tail) == [2]


def test_a_line_cut_off_by_a_crash_holds_nothing_up(tmp_path, tail):
    directory = tmp_path / "journal"
    (directory / "1-00000000000000000001.ndjson").write_bytes(b'{"time":1,"opera')
    writer = JournalWriter(directory, slot="1")
    write(writer, 1)
    assert numbers(tail) == [1]
    assert numbers(tail) == []
    writer.close()


def test_a_line_longer_than_any_record_holds_nothing_up(writer, tail, monkeypatch):
    monkeypatch.setattr(tail_module, "READ_BYTES", 1000)
    (tail._directory / "0-0.ndjson").write_bytes(
        b"x" * 5000 + b"\n" + journal._ENCODER.encode(a_record(1)) + b"\n"
    )
    write(writer, 2)
    assert numbers(tail) == [1, 2]
    assert tail.unreadable > 0


@pytest.mark.parametrize(
    "position",
    [
        b"",
        b"{",
        b"[]",
        b'{"1-1.ndjson":-5}',
        b'{"1-1.ndjson":1e400}',
        b'{"1-1.ndjson":"1"}',
        b"\xff",
        b"[" * 9999,
        b'{"1-1.ndjson":' + b"9" * 30 + b"}",
    ],
)
def test_a_damaged_position_begins_at_the_beginning(tmp_path, position):
    (tmp_path / "1-1.ndjson").write_bytes(journal._ENCODER.encode(a_record(1)) + b"\n")
    (tmp_path / "position.json").write_bytes(position)
    tail = JournalTail(tmp_path)
    assert numbers(tail) == [1]
    tail.save()
    assert numbers(JournalTail(tmp_path)) == []


def test_a_position_past_the_end_reads_nothing_and_raises_nothing(tmp_path):
    (tmp_path / "1-1.ndjson").write_bytes(journal._ENCODER.encode(a_record(1)) + b"\n")
    (tmp_path / "position.json").write_bytes(b'{"1-1.ndjson":1000000000000}')
    assert numbers(JournalTail(tmp_path)) == []


def test_positions_of_segments_that_are_gone_are_forgotten(writer, tail):
    write(writer, 1)
    numbers(tail)
    (segment,) = segments(tail._directory)
    segment.unlink()
    assert numbers(tail) == []
    tail.save()
    assert (tail._directory / "position.json").read_bytes() == b"{}"


_LINE = journal._ENCODER.encode(a_record(1))
_DAMAGED = st.builds(
    lambda at, put: _LINE[:at] + put + _LINE[at:], st.integers(0, len(_LINE)), st.binary(max_size=5)
)


@settings(max_examples=150, deadline=None)
@given(
    parts=st.lists(
        st.binary(max_size=80) | _DAMAGED | st.just(b"[" * 5000) | st.just(b'{"generation":' + b"9" * 5000)
    )
)
def test_whatever_bytes_a_segment_holds_reading_never_raises_and_never_stops(tmp_path_factory, parts):
    directory = tmp_path_factory.mktemp("journal")
    content = b"\n".join(parts) + b"\n"
    (directory / "1-1.ndjson").write_bytes(content + _LINE + b"\n")
    tail = JournalTail(directory)
    assert numbers(tail)[-1:] == [1]
    assert tail._positions == {"1-1.ndjson": len(content) + len(_LINE) + 1}
    assert list(tail.read()) == []


def test_damage_is_counted_line_by_line(tmp_path):
    deep = b'{"evidence":' + b'{"a":' * 100_000 + b"\n"
    (tmp_path / "1-1.ndjson").write_bytes(b"\n{}\nnull\n\xff\xfe\n" + deep + _LINE + b"\n")
    tail = JournalTail(tmp_path)
    assert numbers(tail) == [1]
    assert tail.unreadable == 5


@contextlib.contextmanager
def largest_file(size: int) -> Iterator[None]:
    """Python ignores SIGXFSZ: a write beyond it is partial, and the next raises EFBIG."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_what_a_file_may_not_hold_is_dropped_by_whole_records_and_counted(writer, tail):
    with largest_file(10 * RECORD_BYTES + 30):
        write(writer, *range(1000, 1100))
        assert writer.dropped == 90
        write(writer, *range(1100, 1105))  # in a segment of its own
    assert numbers(tail) == [*range(1000, 1010), *range(1100, 1105)]
    assert tail.unreadable == 0
    write(writer, 1200)
    assert numbers(tail) == [1200]


@pytest.fixture
def small_disk(tmp_path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("mounting a disk of its own takes root")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk_costs_records_that_are_counted_and_none_that_are_kept(small_disk):
    writer, tail = JournalWriter(small_disk / "journal", slot="1"), JournalTail(small_disk / "journal")
    write(writer, *range(1000, 1010))
    (small_disk / "ballast").write_bytes(b"x" * 40_000)
    for _ in range(10):
        write(writer, *range(2000, 2100))
    dropped = writer.dropped
    read = numbers(tail)
    assert read[:10] == list(range(1000, 1010))
    assert len(read) + dropped == 10 + 10 * 100
    assert dropped > 500
    assert len(segments(small_disk / "journal")) == 1, "a full disk must not rotate the history away"
    (small_disk / "ballast").unlink()
    write(writer, 3000)
    assert numbers(tail) == [3000]
    assert (writer.dropped, tail.unreadable) == (dropped, 0)
    writer.close()


def test_a_directory_that_takes_no_segment_costs_records_only(tmp_path):
    writer = JournalWriter(tmp_path / "journal", slot="1")
    (tmp_path / "journal").rmdir()
    write(writer, 1, 2)
    assert writer.dropped == 2
    (tmp_path / "journal").mkdir()
    write(writer, 3)
    assert numbers(JournalTail(tmp_path / "journal")) == [3]
    writer.close()


def test_a_failed_save_keeps_what_was_saved(writer, tail, tmp_path):
    write(writer, 1)
    numbers(tail)
    tail.save()
    write(writer, 2)
    numbers(tail)
    with largest_file(3), pytest.raises(OSError, match="File too large"):
        tail.save()
    assert numbers(JournalTail(tmp_path / "journal")) == [2]
