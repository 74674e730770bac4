from __future__ import annotations

import fcntl
import json
import os
import re
import threading
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families

from gateway import telemetry
from gateway.line_writer import LOG_LINES_KEPT, LineWriter
from gateway.telemetry import redact

PIPE_BYTES = 4096


# --- numbers in log lines ----------------------------------------------------------------------


def test_a_number_is_told_apart_and_not_told():
    one, other = redact("442079460123"), redact("442079460223")
    assert one is not None
    assert re.fullmatch(r"~[0-9a-f]{10}…23", one)
    assert one == redact("442079460123") != other


def test_no_number_is_none():
    assert redact(None) is None
    assert redact("") is None


@given(st.text(min_size=1, max_size=40))
def test_of_any_text_two_characters_are_left(text):
    left = redact(text)
    assert left is not None
    assert left.endswith(f"…{text[-2:]}")
    assert len(left) <= 14


# --- the line writer ---------------------------------------------------------------------------


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """A pipe of one page, so that it is soon full."""
    read, write = os.pipe()
    fcntl.fcntl(write, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    yield read, write
    os.close(read)
    os.close(write)


def drain(read: int, until: bytes) -> bytes:
    """What comes until a line of that text; the test's timeout bounds it."""
    received = b""
    while not received.endswith(until + b"\n"):
        received += os.read(read, 65_536)
    return received


def test_lines_come_out_in_order(pipe):
    read, write = pipe
    writer = LineWriter(write)
    lines = [b"line %d" % number for number in range(50)]
    for line in lines:
        writer.msg(line)
    writer.flush(60)
    assert os.read(read, 65_536).splitlines() == lines
    assert writer.dropped == 0


def test_a_reader_that_stops_costs_lines_that_are_counted_and_nobody_waits(pipe):
    read, write = pipe
    writer = LineWriter(write)
    lines = 2 * LOG_LINES_KEPT
    # Nobody reads until both are over: neither a line nor the end of a process waits for a reader.
    for number in range(lines):
        writer.msg(b"%08d" % number)
    writer.flush(within_seconds=0.1)
    received = drain(read, b"%08d" % (lines - 1)).splitlines()
    assert received == sorted(received), "the newest lines are the ones kept"
    assert LOG_LINES_KEPT <= len(received) <= LOG_LINES_KEPT + PIPE_BYTES // 9 * 2 + 2
    assert len(received) + writer.dropped == lines


def test_lines_of_two_processes_on_one_pipe_stay_whole(pipe):
    read, write = pipe
    writers = [LineWriter(write), LineWriter(write)]
    threads = [
        threading.Thread(target=lambda w=writer, c=letter: [w.msg(c * 700) for _ in range(300)])
        for writer, letter in zip(writers, (b"a", b"b"), strict=True)
    ]
    for thread in threads:
        thread.start()
    lines: list[bytes] = []
    rest = b""
    while len(lines) < 600:
        *whole, rest = (rest + os.read(read, 65_536)).split(b"\n")
        lines += whole
    assert set(lines) == {b"a" * 700, b"b" * 700}
    for thread in threads:
        thread.join()


def test_a_line_longer_than_the_pipe_comes_out_whole(pipe):
    read, write = pipe
    writer = LineWriter(write)
    writer.msg(b"x" * 20_000)
    assert drain(read, b"x") == b"x" * 20_000 + b"\n"


def test_a_pipe_somebody_made_non_blocking_loses_nothing(pipe):
    read, write = pipe
    os.set_blocking(write, False)
    writer = LineWriter(write)
    lines = [b"%08d" % number for number in range(2000)]
    for line in lines:
        writer.msg(line)
    assert drain(read, lines[-1]).splitlines() == lines
    assert writer.dropped == 0


def test_a_reader_that_has_gone_costs_lines_that_are_counted():
    read, write = os.pipe()
    os.close(read)
    writer = LineWriter(write)
    for _ in range(5):
        writer.msg(b"line")
    writer.flush(60)
    assert writer.dropped == 5
    os.close(write)


def test_an_event_is_one_line_whatever_it_holds():
    text = 'two\r\nlines, \x1b[31mred\x1b[0m, "quoted", \u2028'
    line = telemetry._serialise({"event": "call", "call_id": text, "path": threading.Lock})
    assert b"\n" not in line
    assert b"\x1b" not in line
    assert json.loads(line)["call_id"] == text


# --- metrics -----------------------------------------------------------------------------------


def families() -> list:
    return [family for family in REGISTRY.collect() if family.name.startswith("callmark")]


def test_the_metrics_can_be_read_by_prometheus():
    text, media_type = telemetry.render_metrics()
    assert media_type.startswith("text/plain")
    read = {family.name for family in text_string_to_metric_families(text.decode())}
    assert {family.name for family in families()} <= read


def test_the_names_of_metrics_keep_prometheus_conventions():
    """What `promtool check metrics` complains about."""
    assert len(families()) >= 8
    for family in families():
        name = family.name
        assert re.fullmatch(r"callmark_[a-z]+(_[a-z]+)*", name), name
        assert family.documentation.endswith("."), f"{name} has no sentence saying what it counts"
        assert not name.endswith(("_count", "_sum", "_bucket", "_info")), name
        assert not re.search(r"_(ms|milliseconds|minutes|hours|days|kb|mb)(_|$)", name), "base units only"
        assert family.type not in name.split("_"), f"{name} says its type"
        samples = {sample.name for sample in family.samples}
        if family.type == "counter":
            assert all(sample.endswith(("_total", "_created")) for sample in samples), name
        else:
            assert not any(sample.endswith("_total") for sample in samples), name


def test_no_metric_is_labelled_with_what_callers_choose():
    labels = {label for metric in _own_metrics() for label in metric._labelnames}
    of_calls = {"resource", "verstat", "reason", "action", "attest", "ppt", "status", "missing", "roaming"}
    of_the_node = {"kind", "result", "state", "cause"}
    of_parts = {"answer", "answered", "what"}
    # Names of trunks.toml: the operator chose them, and there are as many as trunks.
    assert labels <= of_calls | of_the_node | of_parts | {"trunk"}


def _own_metrics() -> list:
    return [value for value in vars(telemetry).values() if hasattr(value, "_labelnames")]
