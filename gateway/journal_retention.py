"""How long calls' records are kept: by time and by bytes, whichever ends first.

A segment of the journal is removed whole, when the first record in it is as old as may be; so none is kept
longer than was declared, and hardly any shorter, as a segment is ended after a part of that time.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

HOURS: Final = 168
MEGABYTES: Final = 128
SEGMENT_BYTES: Final = 32 * 1024 * 1024
_PARTS: Final = 24
"""Of the whole time, one part is the longest that a segment is written to."""


@dataclass(frozen=True, slots=True)
class Retention:
    """What `[journal]` says."""

    seconds: int = HOURS * 3600
    bytes: int = MEGABYTES * 1024 * 1024
    """Of each worker."""

    @property
    def segment_seconds(self) -> float:
        """After which a segment is ended."""
        return self.seconds / _PARTS

    @property
    def segment_bytes(self) -> int:
        """Likewise: the oldest quarter may go while the rest stays."""
        return min(SEGMENT_BYTES, self.bytes // 4)


def begun_at(segment: Path) -> float:
    """The epoch seconds at which a segment was begun, from its name; 0.0 where the name does not say."""
    text = segment.stem.rpartition("-")[2]
    return int(text) / 1e9 if text.isascii() and text.isdigit() else 0.0


def forget_old(directory: Path, retention: Retention, *, now: float) -> None:
    """Remove every segment that is too old, also of workers that are no more.

    One that a worker still has open is never among them: it has ended it long before.
    """
    for segment in directory.glob("*.ndjson"):
        if begun_at(segment) < now - retention.seconds:
            _remove(segment)


def forget_much(directory: Path, retention: Retention, *, slot: str) -> None:
    """Remove a worker's oldest segments, so that another one finds its place."""
    room = retention.bytes - retention.segment_bytes
    for segment in sorted(directory.glob(f"{slot}-*.ndjson"), reverse=True):
        with contextlib.suppress(OSError):
            room -= segment.stat().st_size
        if room < 0:
            _remove(segment)


def _remove(segment: Path) -> None:
    with contextlib.suppress(OSError):
        segment.unlink(missing_ok=True)
