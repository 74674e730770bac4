"""The control process's end of the journal: where each of its readers is, across restarts of either side."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final

import msgspec

from gateway.journal import Entry, Record, read_entry

READ_BYTES: Final = 1024 * 1024

_Position = Annotated[int, msgspec.Meta(ge=0, le=2**40)]
_POSITIONS: Final = msgspec.json.Decoder(dict[str, _Position])


class JournalTail:
    """Every record, in each worker's order.

    Once each; a control process that was killed reads again what it had read since it last saved. The
    position is kept in a small file beside the segments, written by rename.
    """

    def __init__(self, directory: Path, *, reader: str = "position") -> None:
        """Each `reader` has a position of its own."""
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._directory = directory
        self._position_file = directory / f"{reader}.json"
        self._positions = self._load()
        self._begun_with = dict(self._positions)
        self.unreadable = 0
        """Lines that are no record: cut off by a crash, or damaged."""

    def read(self) -> Iterator[Entry]:
        """Yield what was written since the last time; a line not ended yet is left for the next.

        Whoever stops early goes on after the last record taken. Raises OSError where the directory or a
        segment cannot be read.
        """
        names = sorted(path.name for path in self._directory.glob("*.ndjson"))
        self._positions = {name: self._positions.get(name, 0) for name in names}
        for name in names:
            yield from self._read_segment(name)

    def before(self, most: int) -> list[Record]:
        """Give the last calls that were read before, oldest first. Raises OSError.

        What `read` gives next follows on them.
        """
        found: deque[Record] = deque(maxlen=most)
        for name in sorted(self._positions, key=lambda name: name.rpartition("-")[2]):
            with contextlib.suppress(FileNotFoundError), (self._directory / name).open("rb") as segment:
                lines = segment.read(self._positions[name]).splitlines()
                entries = (self._decode(line) for line in lines[-most:])
                found.extend(entry for entry in entries if isinstance(entry, Record))
        return sorted(found, key=lambda record: record.time)

    def earlier(self, *, since: float) -> Iterator[Entry]:
        """Yield what was read before this was made, where it is still kept; in each worker's order.

        Not segments that ended before `since`, in epoch seconds. Raises OSError.
        """
        for name, end in dict(self._begun_with).items():
            path = self._directory / name
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_mtime < since:
                    continue
                with path.open("rb") as segment:
                    while segment.tell() < end and (line := segment.readline(READ_BYTES)):
                        entry = self._decode(line)
                        if entry is not None:
                            yield entry

    def save(self) -> None:
        """Remember how far reading came. Raises OSError; what was remembered before then still is."""
        temporary = self._position_file.with_suffix(".tmp")
        temporary.write_bytes(msgspec.json.encode(self._positions))
        temporary.rename(self._position_file)

    def _read_segment(self, name: str) -> Iterator[Entry]:
        try:
            with (self._directory / name).open("rb") as segment:
                segment.seek(self._positions[name])
                while chunk := segment.read(READ_BYTES):
                    end = chunk.rfind(b"\n") + 1
                    if end == 0 and len(chunk) < READ_BYTES:
                        return
                    # A line longer than any record would otherwise stop the reading here for ever.
                    lines = chunk[:end].splitlines(keepends=True) if end else [chunk]
                    for line in lines:
                        self._positions[name] += len(line)
                        record = self._decode(line)
                        if record is not None:
                            yield record
                    segment.seek(self._positions[name])
        except FileNotFoundError:
            return

    def _decode(self, line: bytes) -> Entry | None:
        entry = read_entry(line)
        self.unreadable += entry is None
        return entry

    def _load(self) -> dict[str, int]:
        try:
            return _POSITIONS.decode(self._position_file.read_bytes())
        except (OSError, msgspec.MsgspecError, ValueError, RecursionError):
            return {}
