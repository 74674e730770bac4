"""The line a call has in the log says who called without saying the number, and when it was answered."""

from __future__ import annotations

import json

import pytest

from gateway import telemetry
from gateway.control.journal.call_lines import CallLines
from gateway.journal import CallEvents, Record

RECORD = Record(
    time=1795378385.25,
    operation="verdict",
    worker="worker-1",
    call_id="a@example.org",
    trunk="intl",
    orig="442079460123",
    network_tn=None,
    dests=("441614960000",),
    reason="stir.passed",
    verstat="TN-Validation-Passed",
    action="block",
    deciding="dno.exact",
    score=0.5,
    degraded=("reputation",),
    attest="A",
    generation=12,
    elapsed_ms=1.754,
)


@pytest.fixture
def lines(monkeypatch) -> list[bytes]:
    written: list[bytes] = []
    monkeypatch.setattr(telemetry.WRITER, "msg", written.append)
    return written


def test_a_line_says_everything_but_the_numbers(lines):
    CallLines().take([RECORD, CallEvents(time=RECORD.time, events=())])
    (line,) = map(json.loads, lines)
    assert line.pop("orig").endswith("…23")
    assert line.pop("dest").endswith("…00")
    assert line == {
        "resource": "verdict",
        "call_id": "a@example.org",
        "trunk": "intl",
        "verstat": "TN-Validation-Passed",
        "attest": "A",
        "reason": "stir.passed",
        "action": "block",
        "deciding": "dno.exact",
        "score": 0.5,
        "degraded": ["reputation"],
        "generation": 12,
        "ms": 1.75,
        "event": "call",
        "level": "info",
        "time": "2026-11-22T20:13:05.251754Z",
        "process": "worker-1",
    }
    assert "442079460123" not in lines[0].decode()
