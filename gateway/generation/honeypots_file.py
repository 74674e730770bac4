"""`honeypots.csv`: numbers that the carrier owns and never gave to anybody: nobody has cause to call them."""

from __future__ import annotations

from typing import Final

from gateway.attestation.inventory import Inventory
from gateway.generation.csv_file import ProblemList, read_rows
from gateway.generation.inventory_file import Assignment
from gateway.generation.numbers_read import describe, read_count, read_number
from gateway.generation.problem import Problem, quote
from gateway.numbers.canonical import NumberError, is_international
from gateway.numbers.ranges import NumberRange, RangeMap

HONEYPOTS_FILE: Final = "honeypots.csv"
HEADER: Final = ("start", "count", "note")
_NOTE_LENGTH: Final = 200


def read_honeypots(
    data: bytes, assignments: tuple[Assignment, ...]
) -> tuple[tuple[NumberRange, str], ...] | list[Problem]:
    """Read the file; a number that `inventory.csv` assigns to a trunk has an owner, and is no honeypot."""
    problems = ProblemList(HONEYPOTS_FILE)
    rows: list[tuple[NumberRange, str]] = []
    assigned = Inventory((each.numbers, each.trunk) for each in assignments)
    for line, (start, count, note) in read_rows(data, HEADER, problems):
        numbers = _numbers(line, start, count, problems)
        if len(note) > _NOTE_LENGTH or not note.isprintable():
            problems.add(line, "note", f"is longer than {_NOTE_LENGTH} signs or not plain text")
        if numbers is None:
            continue
        trunks = (
            assigned.trunks(numbers.start) or assigned.trunks(numbers.last) or _within(numbers, assignments)
        )
        if trunks:
            message = f"{describe(numbers)} is assigned to trunk {quote(trunks[0])}, at least in part"
            problems.add(line, "start", message, "a honeypot was never given to anybody")
        rows.append((numbers, note))
    _refuse_overlaps(rows, problems)
    return problems.all() if problems else tuple(rows)


def _refuse_overlaps(rows: list[tuple[NumberRange, str]], problems: ProblemList) -> None:
    """Ranges that lie in or across each other: one of them is not what was meant."""
    for earlier, later in RangeMap(rows).overlaps():
        problems.add(None, "start", f"{describe(later)} overlaps {describe(earlier)}")


def _within(numbers: NumberRange, assignments: tuple[Assignment, ...]) -> tuple[str, ...]:
    return tuple(each.trunk for each in assignments if numbers.covers(each.numbers.start))


def _numbers(line: int, start: str, count: str, problems: ProblemList) -> NumberRange | None:
    key = "start"
    try:
        first = read_number(start)
        if not is_international(first):
            raise NumberError("a honeypot has a full number")
        key = "count"
        return NumberRange(first, read_count(count))
    except NumberError as error:
        problems.add(line, key, f"{quote(start if key == 'start' else count)}: {error.problem}")
        return None
