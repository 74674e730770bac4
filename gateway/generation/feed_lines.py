"""What every feed's reader has in common: lines of bytes to text, and what is said of those that are none."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import Final

LONGEST_LINE: Final = 4096
"""Bytes."""
MOST_REFUSED: Final = 0.01
"""Of a file's lines. Beyond it the file is something else than it claims."""


@dataclass(frozen=True, slots=True)
class LineProblem:
    """A line that is set aside, or (line 0) why the whole file is refused."""

    line: int
    problem: str


class RefusedLineError(ValueError):
    """One line's problem; never leaves its reader."""


def text_of(line: bytes, *, first: bool) -> str:
    """The line without its end and, in the first, a byte order mark. Raises RefusedLineError."""
    if len(line) > LONGEST_LINE:
        raise RefusedLineError(f"the line is longer than {LONGEST_LINE} bytes")
    data = line.removeprefix(b"\xef\xbb\xbf") if first else line
    try:
        text = data.rstrip(b"\r\n").decode()
    except UnicodeDecodeError:
        raise RefusedLineError("the line is not UTF-8 text") from None
    if "\x00" in text:
        raise RefusedLineError("the line contains a NUL byte")
    return text


def cells_of(text: str, separator: str = ",") -> list[str]:
    """The cells of one line, without blanks around them; none for an empty one. Raises RefusedLineError."""
    try:
        rows = list(csv.reader([text], delimiter=separator, strict=True))
    except csv.Error:
        raise RefusedLineError("the line is not CSV (a quote is not closed?)") from None
    return [cell.strip() for cell in rows[0]] if len(rows) == 1 else []


def too_many(refused: int, lines: int) -> str | None:
    """Why the file as a whole is refused, where it is."""
    if refused <= lines * MOST_REFUSED:
        return None
    return f"{refused} of {lines} lines cannot be read"
