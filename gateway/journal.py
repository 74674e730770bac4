"""A call's record: appended by workers, read on by the control process.

One line of JSON a call, in segments of bounded size and number for each worker: what nobody reads is
overwritten by what is newer, and a full disk costs records, counted, never calls. The files hold numbers
and Identity headers as they came, so only their owner may read them; redaction happens where they are shown.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

SEGMENT_BYTES: Final = 32 * 1024 * 1024
SEGMENTS_KEPT: Final = 4
"""For each worker: about 100,000 calls of history at 1 kB each."""
BUFFER_BYTES: Final = 4 * 1024 * 1024
READ_BYTES: Final = 1024 * 1024


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a verdict was made of, so that it can be explained, and made again under another policy."""

    time: float
    """Epoch seconds at which the call was taken."""
    operation: str
    """`verdict`, `verification` or `signing`."""
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
    """Of the verification, or of the attestation."""
    action: str | None = None
    deciding: str | None = None
    """The code of the rule that decided."""
    evidence: dict[str, object] = {}
    """As read: entries of the reputation, the number of replays, what was degraded."""
    attest: str | None = None
    generation: int
    elapsed_ms: float


_ENCODER: Final = msgspec.json.Encoder()
_DECODER: Final = msgspec.json.Decoder(Record)


class JournalWriter:
    """One worker's end. `append` never waits; `flush` is called a few times a second."""

    def __init__(self, directory: Path, *, slot: str) -> None:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._directory = directory
        self._slot = slot
        self._buffer = bytearray()
        self._descriptor: int | None = None
        self._written = 0
        self.dropped = 0

    def append(self, record: Record) -> None:
        """Keep the record for the next flush, or drop and count it when too much waits."""
        if len(self._buffer) > BUFFER_BYTES:
            self.dropped += 1
            return
        self._buffer += _ENCODER.encode(record)
        self._buffer += b"\n"

    def flush(self) -> None:
        """Write what waits; records that cannot be written are dropped and counted."""
        if not self._buffer:
            return
        lines, self._buffer = bytes(self._buffer), bytearray()
        try:
            if self._descriptor is None or self._written >= SEGMENT_BYTES:
                self._begin_segment()
            if self._descriptor is not None:
                self._written += _write_whole(self._descriptor, lines)
        except OSError:
            self.dropped += lines.count(b"\n")
            self._close_segment()

    def close(self) -> None:
        """Write what waits and close."""
        self.flush()
        self._close_segment()

    def _begin_segment(self) -> None:
        self._close_segment()
        path = self._directory / f"{self._slot}-{time.time_ns():020d}.ndjson"
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_EXCL, 0o600)
        self._written = 0
        for old in sorted(self._directory.glob(f"{self._slot}-*.ndjson"))[:-SEGMENTS_KEPT]:
            old.unlink(missing_ok=True)

    def _close_segment(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def _write_whole(descriptor: int, data: bytes) -> int:
    written = 0
    while written < len(data):
        written += os.write(descriptor, data[written:])
    return written


class JournalTail:
    """The control process's end: every record once, in each worker's order, across restarts of either.

    The position is kept in a small file beside the segments, written by rename.
    """

    def __init__(self, directory: Path) -> None:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._directory = directory
        self._position_file = directory / "position.json"
        self._positions = self._load()
        self.unreadable = 0

    def read(self) -> Iterator[Record]:
        """Yield what was written since the last time; a line cut off by a crash is left or counted."""
        names = sorted(path.name for path in self._directory.glob("*.ndjson"))
        self._positions = {name: self._positions.get(name, 0) for name in names}
        for name in names:
            yield from self._read_segment(name)

    def save(self) -> None:
        """Remember how far reading came."""
        temporary = self._position_file.with_suffix(".tmp")
        temporary.write_bytes(msgspec.json.encode(self._positions))
        temporary.rename(self._position_file)

    def _read_segment(self, name: str) -> Iterator[Record]:
        try:
            with (self._directory / name).open("rb") as segment:
                segment.seek(self._positions[name])
                while chunk := segment.read(READ_BYTES):
                    whole = chunk[: chunk.rfind(b"\n") + 1]
                    if not whole:
                        return
                    self._positions[name] += len(whole)
                    segment.seek(self._positions[name])
                    for line in whole.splitlines():
                        try:
                            yield _DECODER.decode(line)
                        except (msgspec.DecodeError, UnicodeDecodeError):
                            self.unreadable += 1
        except FileNotFoundError:
            return

    def _load(self) -> dict[str, int]:
        try:
            return msgspec.json.decode(self._position_file.read_bytes(), type=dict[str, int])
        except (OSError, msgspec.DecodeError):
            return {}
