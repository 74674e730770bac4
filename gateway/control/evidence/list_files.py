"""Feeds from the disk and lists onto it: read by lines and bounded, written whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from gateway.generation.feed_lines import LineProblem

LISTED_PROBLEMS: Final = 20
"""Lines of one file that are named; the rest is counted."""
SIZE_LIMIT: Final = 200_000_000
"""Bytes of one feed."""
_READ_BYTES: Final = 1 << 20

Progress = Callable[[str, int, int], None]
"""Which file, how many of its bytes are read, of how many."""


class ListImportError(Exception):
    """Nothing was written; the message says why, a line for each reason."""


def read_lines(path: Path, progress: Progress) -> Iterator[bytes]:
    """The file's lines with their ends. Raises ListImportError."""
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size > SIZE_LIMIT:
                raise ListImportError(f"{path} is {size} bytes long; at most {SIZE_LIMIT} are read")
            done = shown = 0
            # Bounded: a file without line ends would otherwise be one line of all its bytes.
            while line := file.readline(_READ_BYTES):
                done += len(line)
                if done - shown >= _READ_BYTES or done == size:
                    shown = done
                    progress(path.name, done, size)
                yield line
    except OSError as error:
        raise ListImportError(f"{path} cannot be read: {error.strerror}") from None


def read_list(path: Path) -> bytes:
    """What is there now; empty where nothing is. Raises ListImportError."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise ListImportError(f"{path} cannot be read: {error.strerror}") from None


def replace_list(path: Path, data: bytes) -> None:
    """Write it aside and rename it: whoever reads finds the old or the new. Raises ListImportError."""
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.rename(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise ListImportError(f"{path} cannot be written: {error.strerror}") from None


@dataclass(slots=True)
class SetAside:
    """The lines of a feed that were not taken."""

    refused: int = 0
    problems: list[LineProblem] = field(default_factory=list)
    """The first LISTED_PROBLEMS of them."""

    def add(self, path: Path, problem: LineProblem) -> None:
        """Set a line aside. Raises ListImportError for a problem of the whole file (line 0)."""
        if problem.line == 0:
            reasons = [f"{path}: {problem.problem}"]
            reasons += (f"{path}:{each.line}: {each.problem}" for each in self.problems)
            raise ListImportError("\n".join(reasons))
        self.refused += 1
        if len(self.problems) < LISTED_PROBLEMS:
            self.problems.append(problem)
