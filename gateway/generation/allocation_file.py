"""`allocations.csv`: every block of the regulators' lists in one plain form.

`callmark allocations import` writes it. It may be missing: then nothing is said to be unallocated. Columns
`start,count,status,holder,source`; blocks do not overlap.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from typing import Final

from gateway.generation.csv_file import ProblemList, read_rows
from gateway.generation.problem import Problem, did_you_mean, quote
from gateway.numbers.allocations import Allocations, Block, BlockStatus, Holding
from gateway.numbers.canonical import NumberError, TelephoneNumber
from gateway.numbers.ranges import NumberRange

ALLOCATION_FILE: Final = "allocations.csv"
HEADER: Final = ("start", "count", "status", "holder", "source")
_START: Final = re.compile(r"\+([1-9][0-9]{6,14})")
_COUNT: Final = re.compile(r"[1-9][0-9]{0,9}")
_STATUSES: Final = {status.value: status for status in BlockStatus}


def read_allocation_file(data: bytes) -> Allocations | list[Problem]:
    """Read the file into what calls ask, or say everything that is wrong with it."""
    problems = ProblemList(ALLOCATION_FILE)
    blocks = list(read_blocks(data, problems))
    if problems:
        return problems.all()
    try:
        return Allocations(blocks)
    except NumberError as error:
        return [Problem(ALLOCATION_FILE, None, "start", error.problem)]


def read_blocks(data: bytes, problems: ProblemList) -> Iterator[Block]:
    """The blocks in the order of the file; what cannot be read goes to `problems`."""
    holdings: dict[tuple[str, str, str], Holding] = {}
    for line, (start, count, status, holder, source) in read_rows(data, HEADER, problems):
        digits = _START.fullmatch(start)
        if digits is None:
            problems.add(line, "start", f"{quote(start)} is not a full number such as +442079460000")
            continue
        if _COUNT.fullmatch(count) is None:
            problems.add(line, "count", f"{quote(count)} is not how many numbers the block has")
            continue
        key = (status, holder, source)
        if key not in holdings:
            known = _STATUSES.get(status)
            if known is None:
                problems.add(
                    line,
                    "status",
                    f"{quote(status)} is none of {', '.join(_STATUSES)}",
                    did_you_mean(status, _STATUSES),
                )
                continue
            if not source:
                problems.add(line, "source", "is empty: somebody's list says this")
                continue
            holdings[key] = Holding(known, holder, source)
        try:
            yield Block(NumberRange(TelephoneNumber(digits[1]), int(count)), holdings[key])
        except NumberError as error:
            problems.add(line, "count", error.problem)


def render_blocks(blocks: Iterable[Block]) -> bytes:
    """The file's bytes: sorted, neighbours that nobody holds written as one."""
    out = io.StringIO()
    out.write("# Made by `callmark allocations import` from the regulators' files. Its rows may be edited.\n")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEADER)
    for block in merged(blocks):
        holding = block.holding
        writer.writerow(
            (
                f"+{block.numbers.start}",
                block.numbers.count,
                holding.status.value,
                holding.holder,
                holding.source,
            )
        )
    return out.getvalue().encode()


def merged(blocks: Iterable[Block]) -> Iterator[Block]:
    """Sorted by number; blocks given out stay as they were given, what lies between them is joined."""
    waiting: Block | None = None
    for block in sorted(blocks, key=lambda each: (len(each.numbers.start), each.numbers.start)):
        if waiting is not None:
            if _continues(waiting, block):
                whole = NumberRange(waiting.numbers.start, waiting.numbers.count + block.numbers.count)
                waiting = Block(whole, waiting.holding)
                continue
            yield waiting
        waiting = block
    if waiting is not None:
        yield waiting


def _continues(earlier: Block, later: Block) -> bool:
    return (
        earlier.holding == later.holding
        and earlier.holding.status is not BlockStatus.ALLOCATED
        and len(earlier.numbers.start) == len(later.numbers.start)
        and int(earlier.numbers.start) + earlier.numbers.count == int(later.numbers.start)
    )
