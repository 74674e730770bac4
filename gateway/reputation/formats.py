"""Import files to sightings, line by line: `ftc-dnc`, `csv`, `jsonl`.

Any bytes give sightings and line problems, in the order of the lines, and nothing else; no error but a
wrong argument (ValueError) is ever raised. A file whose header is wrong yields one problem with
`whole_file` set and no sighting, so that a wrong column is never read as numbers; one of complaints
that turns out to repeat its lines ends with such a problem.

Lines are UTF-8 (a byte order mark is allowed), ended by LF or CRLF, at most `LONGEST_LINE` bytes; empty
lines are passed over. A quoted CSV field may not run over a line end: none of the feeds read here does
that, and reading on after a lost quote would swallow the file.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from gateway.reputation import complaints, listings
from gateway.reputation.reading import Reading
from gateway.reputation.sighting import LineProblem, Sighting

LONGEST_LINE: Final = 4096


def read_sightings(lines: Iterable[bytes], reading: Reading) -> Iterator[Sighting | LineProblem]:
    """Sightings and refused lines of a file given as its lines (with or without their line ends)."""
    texts = _texts(lines)
    if reading.format == "jsonl":
        for number, text in texts:
            yield text if isinstance(text, LineProblem) else listings.from_json(number, text, reading)
        return
    first = next(texts, None)
    if first is None:
        yield LineProblem(1, "the file is empty: a header line was expected", whole_file=True)
        return
    header_line, header_text = first
    header = _fields(header_text) if isinstance(header_text, str) else None
    read_row = _row_reader(header or [], reading)
    if isinstance(read_row, str):
        yield LineProblem(header_line, read_row, whole_file=True)
        return
    number = header_line
    for number, text in texts:
        if isinstance(text, LineProblem):
            yield text
        elif (row := _fields(text)) is None:
            yield LineProblem(number, "the line is not CSV (a quote is not closed?)")
        else:
            yield read_row(number, row)
    if isinstance(read_row, complaints.Complaints) and (problem := read_row.file_problem()):
        yield LineProblem(number, problem, whole_file=True)


def _row_reader(
    header: list[str], reading: Reading
) -> Callable[[int, list[str]], Sighting | LineProblem] | str:
    if reading.format == "ftc-dnc":
        return complaints.row_reader(header, reading)
    return listings.row_reader(header, reading)


def _texts(lines: Iterable[bytes]) -> Iterator[tuple[int, str | LineProblem]]:
    have_ends = False
    for number, line in enumerate(lines, 1):
        data = line.rstrip(b"\r\n")
        if have_ends and len(data) <= LONGEST_LINE and not line.endswith(b"\n"):
            # A number that lost its last digits is another number.
            yield number, LineProblem(number, "the line has no end: the file may have been cut off here")
            continue
        have_ends = line.endswith(b"\n")
        if number == 1:
            data = data.removeprefix(b"\xef\xbb\xbf")
        if not data.strip():
            continue
        if len(data) > LONGEST_LINE:
            yield number, LineProblem(number, f"the line is longer than {LONGEST_LINE} bytes")
            continue
        try:
            yield number, data.decode()
        except UnicodeDecodeError:
            yield number, LineProblem(number, "the line is not UTF-8")


def _fields(text: str) -> list[str] | None:
    if '"' not in text and "\r" not in text:
        return text.split(",")  # what csv would do, at a tenth of its cost
    try:
        rows = list(csv.reader([text], strict=True))
    except csv.Error:
        return None
    return rows[0] if len(rows) == 1 else None
