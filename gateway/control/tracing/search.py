"""Finding calls in everything the journal still holds, not only in the last ones kept in memory.

Segments are read line by line, once, in bounded memory: of any number of calls that fit, the newest are kept.
A line is decoded only when the bytes that are looked for stand in it.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from gateway.control.journal.tail import READ_BYTES
from gateway.journal import Record, read_entry
from gateway.passport.claims import ShakenClaims
from gateway.passport.identity import IdentityError, parse_identity
from gateway.passport.passport import PassportError, decode

MOST_FOUND: Final = 1_000
"""A bundle of as many is about 5 MB."""

Advance = Callable[[int, int], None]
"""Bytes read, of how many; may raise to end the search."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceSought:
    """Which calls are meant; None: whichever."""

    tn: str | None = None
    """Canonical; as presentation, network or called number."""
    begins: float | None = None
    ends: float | None = None
    """Epoch seconds, both included."""
    origid: str | None = None
    trunk: str | None = None
    fingerprint: str | None = None
    """SHA-256 of the signing certificate, small hex letters; its beginning will do."""
    call_id: str | None = None

    def needles(self) -> tuple[bytes, ...]:
        """What stands in the line of every call that fits, as the journal writes it."""
        texts = (self.tn, self.trunk, self.fingerprint, self.call_id)
        return tuple(msgspec.json.encode(text)[1:-1] for text in texts if text)

    def fits(self, record: Record) -> bool:
        """Whether this call is meant."""
        return (
            (self.begins is None or record.time >= self.begins)
            and (self.ends is None or record.time <= self.ends)
            and self.trunk in (None, record.trunk)
            and self.call_id in (None, record.call_id)
            and (self.fingerprint is None or (record.fingerprint or "").startswith(self.fingerprint))
            and (self.tn is None or self.tn in (record.orig, record.network_tn) or self.tn in record.dests)
            and (self.origid is None or self.origid in origids(record))
        )


@dataclass(frozen=True, slots=True)
class Found:
    """The newest of the calls that fit, oldest first, and how many there were."""

    records: tuple[Record, ...]
    fitting: int
    begins: float | None
    """When the oldest call was that the journal still holds, epoch seconds; None when it holds none."""


def search(
    directory: Path, sought: TraceSought, *, limit: int = MOST_FOUND, advance: Advance = lambda _, __: None
) -> Found:
    """Search every segment in `directory`. Raises OSError, and what `advance` raises."""
    needles = sought.needles()
    newest: list[tuple[float, int, Record]] = []
    fitting = 0
    for line in _lines(directory, advance):
        if not all(needle in line for needle in needles):
            continue
        record = read_entry(line)
        if isinstance(record, Record) and sought.fits(record):
            fitting += 1
            # The count breaks ties: records have no order of their own.
            heapq.heappush(newest, (record.time, fitting, record))
            if len(newest) > limit:
                heapq.heappop(newest)
    records = tuple(record for _, _, record in sorted(newest, key=lambda each: each[:2]))
    return Found(records, fitting, oldest_time(directory))


def origids(record: Record) -> frozenset[str]:
    """The origids of a call's `shaken` PASSporTs, verified or not."""
    found = {record.grounds.origid} if record.grounds is not None and record.grounds.origid else set()
    for identity in (*record.identities, *record.earlier):
        try:
            claims = decode(parse_identity(identity).token).claims
        except (IdentityError, PassportError):
            continue
        if isinstance(claims, ShakenClaims):
            found.add(claims.origid)
    return frozenset(found)


def _lines(directory: Path, advance: Advance) -> Iterator[bytes]:
    segments = sorted(directory.glob("*.ndjson"), key=lambda path: path.name.rpartition("-")[2])
    total, done, told = sum(_size(path) for path in segments), 0, 0
    for path in segments:
        for line in _lines_of(path):
            done += len(line)
            if done - told >= READ_BYTES:
                advance(min(done, total), total)
                told = done
            yield line
    advance(total, total)


def _lines_of(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb", buffering=READ_BYTES) as segment:
            yield from segment
    except FileNotFoundError:
        return  # its worker has begun a newer one meanwhile


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def oldest_time(directory: Path) -> float | None:
    """When the oldest call was that the journal still holds, epoch seconds. Raises OSError."""
    times: list[float] = []
    for path in directory.glob("*.ndjson"):
        first = next(_lines_of(path), b"")
        entry = read_entry(first)
        if entry is not None:
            times.append(entry.time)
    return min(times, default=None)
