"""A CSV file, read strictly: a header that is exactly the expected one, and every bad line listed.

RFC 4180 with two additions for the people who edit it: lines that begin with `#` and empty lines are
skipped. A record is one line (no quoted line breaks), so that a line number always means one record.
The last line must end: a file cut off while it was copied is otherwise a valid, shorter file.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from gateway.generation.problem import Problem, did_you_mean, quote

SIZE_LIMIT: Final = 50_000_000
"""Bytes; a million ranges with notes."""
LISTED_PROBLEMS: Final = 100
"""How many problems of one file are listed; the rest is counted."""


@dataclass(slots=True)
class ProblemList:
    """The problems of one file, the first hundred kept and all counted."""

    file: str
    _kept: list[Problem] = field(default_factory=list)
    _count: int = 0

    def add(self, line: int | None, key: str, message: str, hint: str = "") -> None:
        """Note one problem."""
        self._count += 1
        if len(self._kept) < LISTED_PROBLEMS:
            self._kept.append(Problem(self.file, line, key, message, hint))

    def __bool__(self) -> bool:
        return self._count > 0

    def all(self) -> list[Problem]:
        """What was kept, and how many more there were."""
        more = self._count - len(self._kept)
        if not more:
            return list(self._kept)
        return [*self._kept, Problem(self.file, None, "", f"has {more} more problems, not listed")]


def read_rows(data: bytes, header: Sequence[str], problems: ProblemList) -> Iterator[tuple[int, list[str]]]:
    """Line number and cells of each well-formed record, stripped of blanks; the rest goes to `problems`."""
    text = _decoded(data, problems)
    if text is None:
        return
    header_seen = False
    for number, line in enumerate(text.split("\n"), start=1):
        record = line.removesuffix("\r")
        if not record.strip() or record.startswith("#"):
            continue
        cells = _cells(record)
        if not header_seen:
            header_seen = True
            if not _is_header(cells, header, number, problems):
                return
        elif cells is None:
            problems.add(number, "", "has a quotation mark that is not closed, or one in the wrong place")
        elif len(cells) != len(header):
            problems.add(
                number, "", f"has {len(cells)} columns; the {len(header)} columns are {','.join(header)}"
            )
        else:
            yield number, cells
    if not header_seen:
        problems.add(1, "", "has no header", f"the first line is {','.join(header)}")


def _decoded(data: bytes, problems: ProblemList) -> str | None:
    if len(data) > SIZE_LIMIT:
        problems.add(None, "", f"is {len(data)} bytes long; at most {SIZE_LIMIT} are read")
        return None
    if b"\x00" in data:
        problems.add(
            data.count(b"\n", 0, data.index(b"\x00")) + 1, "", "contains a NUL byte: not a text file"
        )
        return None
    if data and not data.endswith(b"\n"):
        problems.add(
            data.count(b"\n") + 1,
            "",
            "ends without a line end",
            "was it cut off? complete it, or press Enter",
        )
        return None
    try:
        # Spreadsheets write a byte order mark and cannot be told not to.
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        problems.add(line, "", "is not UTF-8 text", "save the file with the encoding UTF-8")
        return None


def _cells(record: str) -> list[str] | None:
    if '"' not in record:
        return [cell.strip() for cell in record.split(",")]
    try:
        return [cell.strip() for cell in next(csv.reader([record], strict=True))]
    except (csv.Error, StopIteration):
        return None


def _is_header(cells: list[str] | None, header: Sequence[str], line: int, problems: ProblemList) -> bool:
    if cells == list(header):
        return True
    for cell in cells or []:
        if cell not in header:
            problems.add(
                line,
                quote(cell),
                f"is not a column of this file; they are {','.join(header)}",
                did_you_mean(cell, header),
            )
    if not problems:
        problems.add(line, "", f"is not the header; it is {','.join(header)}, in this order")
    return False
