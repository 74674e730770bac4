"""Do-not-originate feeds, line by line: `plain` and `csv`.

Any bytes give entries and line problems in the order of the lines, and nothing else. A file that is not what
it claims to be (no column of numbers, cut off in its last line, more than one line in a hundred that cannot
be read) gives a problem of the whole file, with line 0.

`plain`: a number or range a line; empty lines and those that begin with `#` are passed over.

`csv`: a header with a column of numbers (`number_or_range`, `number`, `tn`, `telephone_number`,
`phone_number`, `cli`) and, if wanted, whose they are (`label`, `organisation`, `organization`, `company`,
`name`), `note` and `expires`; other columns are ignored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

from gateway.generation.days import end_of_day
from gateway.generation.dno_file import MOST_NUMBERS, TEXT_LENGTH
from gateway.generation.feed_lines import LineProblem, RefusedLineError, cells_of, text_of, too_many
from gateway.generation.numbers_read import protectable, read_range
from gateway.generation.problem import quote
from gateway.numbers.canonical import DiallingRules, NumberError
from gateway.numbers.ranges import NumberRange

DnoFormat = Literal["plain", "csv"]
DNO_FORMATS: Final[tuple[DnoFormat, ...]] = get_args(DnoFormat)
_NUMBER: Final = ("number_or_range", "number", "tn", "telephone_number", "phone_number", "cli")
_LABEL: Final = ("label", "organisation", "organization", "company", "name")


@dataclass(frozen=True, slots=True, kw_only=True)
class DnoReading:
    """How a feed is to be read."""

    format: DnoFormat
    rules: DiallingRules
    """How numbers without a country code are understood."""
    label: str
    """Whose numbers they are where a line does not say."""


@dataclass(frozen=True, slots=True)
class DnoListing:
    """One line's entry; `expires` is a day or empty."""

    numbers: NumberRange
    label: str
    note: str = ""
    expires: str = ""


_ReadRow = Callable[[Sequence[str]], DnoListing]


def read_dno_feed(lines: Iterable[bytes], reading: DnoReading) -> Iterator[DnoListing | LineProblem]:
    """Entries and problems of a feed given as its lines, with their line ends."""
    read_row: _ReadRow | None = None
    if reading.format == "plain":
        read_row = lambda cells: _listing(cells[0], reading.label, "", "", reading)  # noqa: E731
    good = refused = 0
    last = b"\n"
    for number, line in enumerate(lines, 1):
        last = line
        try:
            text = text_of(line, first=number == 1)
            if not text.strip() or text.startswith("#"):
                continue
            cells = cells_of(text) if reading.format == "csv" else [text.strip()]
            if read_row is None:
                read_row = _csv(cells, reading)
                continue
            yield read_row(cells)
            good += 1
        except RefusedLineError as error:
            if read_row is None:
                yield LineProblem(0, f"line {number}: {error}")
                return
            refused += 1
            yield LineProblem(number, str(error))
    if not last.endswith(b"\n"):
        yield LineProblem(0, "the last line has no end: the file was cut off")
    elif not good + refused:
        yield LineProblem(0, "the file names no numbers")
    elif (problem := too_many(refused, good + refused)) is not None:
        yield LineProblem(0, f"{problem}: this is no list of numbers in the format {reading.format}")


def _csv(header: Sequence[str], reading: DnoReading) -> _ReadRow:
    names = [cell.casefold().replace(" ", "_") for cell in header]
    number_at = next((names.index(name) for name in _NUMBER if name in names), None)
    if number_at is None:
        raise RefusedLineError(f"the header has no column of numbers: one of {', '.join(_NUMBER)}")
    label_at = next((names.index(name) for name in _LABEL if name in names), None)
    note_at = names.index("note") if "note" in names else None
    expires_at = names.index("expires") if "expires" in names else None

    def read(cells: Sequence[str]) -> DnoListing:
        if len(cells) != len(names):
            raise RefusedLineError(f"has {len(cells)} columns where the header has {len(names)}")

        def cell(at: int | None) -> str:
            return "" if at is None else cells[at]

        return _listing(
            cells[number_at], cell(label_at) or reading.label, cell(note_at), cell(expires_at), reading
        )

    return read


def _listing(number: str, label: str, note: str, expires: str, reading: DnoReading) -> DnoListing:
    try:
        numbers = protectable(read_range(number, reading.rules))
    except NumberError as error:
        raise RefusedLineError(f"{quote(number)}: {error.problem}") from None
    if numbers.count > MOST_NUMBERS:
        raise RefusedLineError(
            f"{quote(number)} names {numbers.count} numbers; a line has at most {MOST_NUMBERS}"
        )
    for text in (label, note):
        if len(text) > TEXT_LENGTH or not text.isprintable():
            raise RefusedLineError(f"{quote(text)} is longer than {TEXT_LENGTH} signs or not plain text")
    try:
        if expires:
            end_of_day(expires)
    except ValueError as error:
        raise RefusedLineError(f"{quote(expires)} {error}") from None
    return DnoListing(numbers, label, note, expires)
