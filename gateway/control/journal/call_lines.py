"""The one line a call has in the log, rendered from its record in the journal.

Here and not in the worker that answered: what is said of a call need not be said on its road, and a reader
of the log that stalls costs no call anything. A line comes within a second of its call; around a crash of
the control process it may come twice, and where that process is down it comes when it is back.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import msgspec

from gateway import telemetry
from gateway.journal import Entry, Record
from gateway.telemetry import redact


class _Line(msgspec.Struct, kw_only=True, omit_defaults=True):
    """As structlog would render it, past its processors: this line is written thousands of times a second."""

    resource: str
    call_id: str
    trunk: str
    orig: str | None
    network_tn: str | None = None
    dest: str | None
    verstat: str | None = None
    wish: str | None = None
    attest: str | None = None
    signed: tuple[str, ...] = ()
    reason: str
    action: str | None = None
    deciding: str | None = None
    score: float | None = None
    degraded: tuple[str, ...] = ()
    generation: int
    ms: float
    traceparent: str | None = None
    event: str
    level: str
    time: str
    process: str


class CallLines:
    """Writes them; one per control process."""

    def __init__(self) -> None:
        self._encoder = msgspec.json.Encoder()

    def take(self, entries: Sequence[Entry]) -> None:
        """Write a line for each call among them."""
        for entry in entries:
            if isinstance(entry, Record):
                telemetry.WRITER.msg(self._encoder.encode(_line(entry)))


def _line(record: Record) -> _Line:
    answered = record.time + record.elapsed_ms / 1000
    return _Line(
        resource=record.operation,
        call_id=record.call_id,
        trunk=record.trunk,
        orig=redact(record.orig),
        network_tn=redact(record.network_tn),
        dest=redact(record.dests[0]),
        verstat=record.verstat,
        wish=record.wish,
        attest=record.attest,
        signed=record.signed,
        reason=record.reason,
        action=record.action,
        deciding=record.deciding,
        score=record.score,
        degraded=record.degraded,
        generation=record.generation,
        ms=round(record.elapsed_ms, 2),
        traceparent=record.traceparent,
        event="call",
        level="info",
        time=f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(answered))}.{int(answered % 1 * 1e6):06d}Z",
        process=record.worker,
    )
