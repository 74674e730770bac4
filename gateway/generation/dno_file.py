"""`dno.csv`: numbers that never call out, so that a call showing one is a lie (do-not-originate)."""

from __future__ import annotations

from typing import Final

from gateway.generation.csv_file import ProblemList, read_rows
from gateway.generation.days import end_of_day
from gateway.generation.numbers_read import protectable, read_range
from gateway.generation.problem import Problem, quote
from gateway.numbers.canonical import NumberError
from gateway.numbers.ranges import NumberRange
from gateway.verdicts.policy import DnoEntry

DNO_FILE: Final = "dno.csv"
HEADER: Final = ("number_or_range", "label", "source", "note", "expires")
MOST_NUMBERS: Final = 1_000_000
"""In one row. A list that names an exchange area by a slip of the pen must not silence it."""
MOST_SILENCED: Final = 50_000_000
"""By the whole list: the plans have thousands of millions, and no list that is meant names a part of them."""
TEXT_LENGTH: Final = 200


def read_dno(data: bytes) -> tuple[tuple[NumberRange, DnoEntry], ...] | list[Problem]:
    """Read the file. A number may stand in rows of several sources: their lists overlap."""
    problems = ProblemList(DNO_FILE)
    rows: list[tuple[NumberRange, DnoEntry]] = []
    seen: dict[tuple[NumberRange, str], int] = {}
    for line, (number, label, source, note, expires) in read_rows(data, HEADER, problems):
        numbers = _numbers(line, number, problems)
        for key, text, required in (("label", label, True), ("source", source, True), ("note", note, False)):
            if required and not text:
                problems.add(line, key, "is empty: a number is only silenced on somebody's word")
            if len(text) > TEXT_LENGTH or not text.isprintable():
                problems.add(line, key, f"{quote(text)} is longer than {TEXT_LENGTH} signs or not plain text")
        expires_at = _end_of_day(line, expires, problems)
        if numbers is not None:
            before = seen.setdefault((numbers, source), line)
            if before != line:
                message = f"{quote(number)} stands in line {before} already, by {quote(source)} too"
                problems.add(line, "number_or_range", message)
                continue
            rows.append((numbers, DnoEntry(label=label, source=source, note=note, expires_at=expires_at)))
    silenced = sum(numbers.count for numbers, _ in rows)
    if silenced > MOST_SILENCED:
        problems.add(None, "", f"names {silenced} numbers in all; a list silences at most {MOST_SILENCED}")
    return problems.all() if problems else tuple(rows)


def _numbers(line: int, text: str, problems: ProblemList) -> NumberRange | None:
    try:
        numbers = protectable(read_range(text))
    except NumberError as error:
        problems.add(line, "number_or_range", f"{quote(text)}: {error.problem}")
        return None
    if numbers.count > MOST_NUMBERS:
        problems.add(
            line,
            "number_or_range",
            f"{quote(text)} names {numbers.count} numbers; a row has at most {MOST_NUMBERS}",
        )
        return None
    return numbers


def _end_of_day(line: int, text: str, problems: ProblemList) -> int | None:
    """None for none."""
    try:
        return end_of_day(text) if text else None
    except ValueError as error:
        problems.add(line, "expires", f"{quote(text)} {error}")
        return None
