"""A call's record, and how calls ended: appended by workers; `control/journal/` reads on.

One line of JSON a call, or a batch of call events, in segments, kept as long as `journal_retention` says:
what nobody reads gives way to what is newer, and a full disk costs records, counted, never calls. The
files hold numbers and Identity headers as they came, so only their owner may read them; redaction happens
where they are shown.
"""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final, TypeAlias

import msgspec

from gateway.attestation.decide import TrunkKind
from gateway.journal_retention import Retention, forget_much
from gateway.verdicts.call import Known

BUFFER_BYTES: Final = 4 * 1024 * 1024


class Grounds(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the rules were asked of beside the numbers: with it they can be asked again, under other rules."""

    known: Known
    """Everything that was looked up, as it was answered."""
    trunk_kind: TrunkKind
    finding: tuple[str, str] = ("", "")
    """Of the verification: its detail and its parameter."""
    origid: str | None = None
    request_uri: str | None = None
    resource_priority: frozenset[str] | None = None
    priority: str | None = None
    """The Priority header."""
    proven: tuple[str, str, tuple[str, ...], str | None] | None = None
    """What `rph` PASSporTs proved: verstat, reason, r-values, `sph`."""


class Credential(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the certificate of a signature that passed was believed by, when it was."""

    domain: str
    """The trust domain."""
    trust_digest: str
    lists_until: int | None = None
    """Until when the revocation lists that vouched were in their dates, epoch seconds; None: none vouched."""
    warnings: tuple[tuple[str, str], ...] = ()
    """Code and detail of what was to be said of it all the same: an overdue list, one that is not known."""


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="call"):
    """Everything a verdict was made of, so that it can be explained, and made again under another policy."""

    time: float
    """Epoch seconds at which the call was taken."""
    operation: str
    """`verdict`, `verification`, `signing` or `signatures`."""
    worker: str = ""
    """Who answered, as log lines name it."""
    call_id: str
    trunk: str
    orig: str | None
    network_tn: str | None
    dests: tuple[str, ...]
    anonymous: bool = False
    roaming: str = "unknown"
    call_time: int = 0
    identities: tuple[str, ...] = ()
    fingerprint: str | None = None
    """SHA-256 of the certificate that signed, hex; only when the signature passed."""
    verstat: str | None = None
    reason: str
    """Of the verification, or of the first type that was to be signed."""
    action: str | None = None
    deciding: str | None = None
    """The code of the rule that decided."""
    score: float | None = None
    """Of its number's reputation."""
    degraded: tuple[str, ...] = ()
    """What did not answer in time."""
    grounds: Grounds | None = None
    """Of a call that was verified."""
    reasons: dict[str, str] = {}
    """Of a call of which several types were to be signed: why each was, or was not."""
    earlier: tuple[str, ...] = ()
    """Identity headers that were there before ours."""
    wish: str | None = None
    """The attestation that was asked for."""
    signed: tuple[str, ...] = ()
    """The types that were signed, of several."""
    attest: str | None = None
    spcs: tuple[str, ...] = ()
    """The provider codes of that certificate."""
    credential: Credential | None = None
    """Of that certificate."""
    generation: int
    digest: str = ""
    """Of the generation."""
    elapsed_ms: float
    traceparent: str | None = None
    """W3C Trace Context: the span in which the switch asked, where it said so."""


class CallEvent(msgspec.Struct, frozen=True, kw_only=True):
    """How one call ended, as its switch told it. Numbers in canonical form."""

    call_id: str
    time: float
    """Epoch seconds at which the call began."""
    trunk: str
    orig: str | None
    dest: str
    answered: bool
    duration_seconds: float
    """From answer to end; of a call that was not answered, how long it rang."""
    cause: int | None = None
    """ITU-T Q.850."""


class CallEvents(msgspec.Struct, frozen=True, kw_only=True, tag="events"):
    """One batch of call events: a line of the journal, so that it is kept whole or not at all."""

    time: float
    """Epoch seconds at which the batch was taken."""
    events: tuple[CallEvent, ...]


Entry: TypeAlias = Record | CallEvents

_ENCODER: Final = msgspec.json.Encoder()
_DECODER: Final[msgspec.json.Decoder[Entry]] = msgspec.json.Decoder(Entry)


def read_entry(line: bytes) -> Entry | None:
    """What a line of the journal says; None for one that is no record: cut off by a crash, or damaged."""
    try:
        return _DECODER.decode(line)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None


class JournalWriter:
    """One worker's end. `append` never waits; `flush` is called a few times a second."""

    def __init__(self, directory: Path, *, slot: str, retention: Retention | None = None) -> None:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._directory = directory
        self._slot = slot
        self._retention = retention or Retention()
        self._ends_at = 0.0
        self._buffer = bytearray()
        self._descriptor: int | None = None
        self._written = 0
        self.dropped = 0

    def append(self, entries: Sequence[Entry]) -> None:
        """Keep them for the next flush, or drop and count them when too much waits."""
        if len(self._buffer) > BUFFER_BYTES:
            self.dropped += len(entries)
            return
        self._buffer += _ENCODER.encode_lines(entries)

    def keep(self, entry: Entry) -> bool:
        """Write the entry now; whether it is written. What is not is dropped whole, and counted."""
        before = self.dropped
        self.append([entry])
        self.flush()
        # It was the last to be written: whatever else was dropped, it was too.
        return self.dropped == before

    def flush(self) -> None:
        """Write what waits; records that cannot be written are dropped and counted."""
        if not self._buffer:
            return
        lines, self._buffer = memoryview(bytes(self._buffer)), bytearray()
        done = 0
        try:
            if (
                self._descriptor is None
                or self._written >= self._retention.segment_bytes
                or time.time() >= self._ends_at
            ):
                self._descriptor = self._begin_segment()
            while done < len(lines):
                done += os.write(self._descriptor, lines[done:])
        except OSError as error:
            done = self._give_up(bytes(lines), done, error)
        self._written += done

    def close(self) -> None:
        """Write what waits and close."""
        self.flush()
        self._close_segment()

    def _begin_segment(self) -> int:
        self._close_segment()
        begun_ns = time.time_ns()
        path = self._directory / f"{self._slot}-{begun_ns:020d}.ndjson"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_EXCL, 0o600)
        self._written, self._ends_at = 0, begun_ns / 1e9 + self._retention.segment_seconds
        forget_much(self._directory, self._retention, slot=self._slot)
        return descriptor

    def _give_up(self, lines: bytes, done: int, error: OSError) -> int:
        """Count what was not written, cut off the line it ends in; how many bytes are written for good."""
        whole = lines.rfind(b"\n", 0, done) + 1
        self.dropped += lines.count(b"\n", whole)
        if self._descriptor is None:
            return 0
        try:
            os.ftruncate(self._descriptor, self._written + whole)
        except OSError:
            self._close_segment()
            return 0
        # A full disk is no reason for another segment: each one begun removes an old one with its records.
        if error.errno not in (errno.ENOSPC, errno.EDQUOT) and self._written + whole:
            self._close_segment()
        return whole

    def _close_segment(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
