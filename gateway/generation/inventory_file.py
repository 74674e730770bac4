"""`inventory.csv`: which numbers the carrier has assigned to whom, by the trunk their calls come from.

One range may stand on several trunks: a customer with two connections calls from the same numbers over
both. Ranges that overlap otherwise are a problem when their trunks differ, since nobody can tell whether
the block given on or the slip of the pen was meant; and so is a row that stands twice.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from gateway.generation.csv_file import ProblemList, read_rows
from gateway.generation.numbers_read import describe, protectable, read_count, read_number
from gateway.generation.problem import Problem, did_you_mean, quote
from gateway.numbers.canonical import NumberError
from gateway.numbers.ranges import NumberRange

INVENTORY_FILE: Final = "inventory.csv"
HEADER: Final = ("start", "count", "trunk")
MOST_NUMBERS: Final = 10_000_000
"""In one row: the largest blocks that regulators give out."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """Numbers whose calls come by this trunk; `line` is where the file says so."""

    numbers: NumberRange
    trunk: str
    line: int


def read_inventory(data: bytes, trunks: Collection[str] | None) -> tuple[Assignment, ...] | list[Problem]:
    """Read the file; `trunks` are the names a row may have, None where they could not be read."""
    problems = ProblemList(INVENTORY_FILE)
    assignments: list[Assignment] = []
    for line, (start, count, trunk) in read_rows(data, HEADER, problems):
        numbers = _numbers(line, start, count, problems)
        if trunks is not None and trunk not in trunks:
            hint = did_you_mean(trunk, trunks)
            problems.add(line, "trunk", f"{quote(trunk)} is not a trunk of trunks.toml", hint)
        elif numbers is not None:
            assignments.append(Assignment(numbers, trunk, line))
    _refuse_overlaps(assignments, problems)
    return problems.all() if problems else tuple(assignments)


def _numbers(line: int, start: str, count: str, problems: ProblemList) -> NumberRange | None:
    key = "start"
    try:
        first = read_number(start)
        key = "count"
        numbers = protectable(NumberRange(first, read_count(count)))
        if numbers.count > MOST_NUMBERS:
            raise NumberError(f"a row has at most {MOST_NUMBERS} numbers")
    except NumberError as error:
        problems.add(line, key, f"{quote(start if key == 'start' else count)}: {error.problem}")
        return None
    return numbers


def _refuse_overlaps(assignments: list[Assignment], problems: ProblemList) -> None:
    furthest: Assignment | None = None
    for each in sorted(assignments, key=lambda row: (len(row.numbers.start), row.numbers.start, row.line)):
        if furthest is not None and furthest.numbers.covers(each.numbers.start):
            _compare(furthest, each, problems)
            if each.numbers.last <= furthest.numbers.last:
                continue
        furthest = each


def _compare(earlier: Assignment, later: Assignment, problems: ProblemList) -> None:
    if earlier.numbers == later.numbers:
        if earlier.trunk == later.trunk:
            problems.add(
                later.line, "start", f"{describe(later.numbers)} stands in line {earlier.line} already"
            )
    elif earlier.trunk != later.trunk:
        problems.add(
            later.line,
            "start",
            f"{describe(later.numbers)} is for trunk {quote(later.trunk)}, but line {earlier.line} gives "
            f"{describe(earlier.numbers)} to {quote(earlier.trunk)}",
            "cut the larger range so that they do not overlap",
        )
