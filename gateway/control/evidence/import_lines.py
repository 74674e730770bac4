"""A file of sightings line by line: none held longer than a line may be, read in stretches of work."""

from __future__ import annotations

from collections.abc import Iterator
from io import BufferedReader
from itertools import islice
from typing import Final

from gateway.reputation.formats import LONGEST_LINE, read_sightings
from gateway.reputation.reading import Reading
from gateway.reputation.sighting import LineProblem, Sighting

LINES_AT_ONCE: Final = 1_000
"""In one transaction, and in one stretch of work: the control process answers others in between."""


class Lines:
    """A file's lines, counted as they are read."""

    def __init__(self, file: BufferedReader) -> None:
        self._file = file
        self.count = 0
        self.bytes_read = 0

    def __iter__(self) -> Iterator[bytes]:
        longest = LONGEST_LINE + 2
        while line := self._file.readline(longest):
            self.count += 1
            self.bytes_read += len(line)
            rest = line
            while not rest.endswith(b"\n") and (rest := self._file.readline(longest)):
                self.bytes_read += len(rest)
                # One byte more than a line may have is enough to refuse it.
                line = line[:LONGEST_LINE] + rest[: LONGEST_LINE + 1]
            yield line


class Items:
    """What the lines of a file say, each with its line's number."""

    def __init__(self, file: BufferedReader, reading: Reading) -> None:
        """From where the file stands."""
        self.lines = Lines(file)
        self._items = read_sightings(self.lines, reading)

    def take(self) -> list[tuple[int, Sighting | LineProblem]]:
        """The next `LINES_AT_ONCE`; none at the end. Raises ValueError as read_sightings does."""
        # An item is read from one line, lazily: when it is there, its line is the last one read.
        return [(self.lines.count, item) for item in islice(self._items, LINES_AT_ONCE)]
