"""Bodies of many lines, one JSON object each (NDJSON): all of them are taken, or none.

A body with mistakes is refused with the line and the place of each, so that whoever sent it can mend all
of them at once; what was right in it is sent again with the rest.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, TypeVar

from gateway.web.problems import Problem
from gateway.web.shape import ShapeError

NDJSON: Final = "application/x-ndjson"
MOST_LINES: Final = 1_000
MOST_PROBLEMS: Final = 20
"""Mistakes that an answer lists; all are counted."""
_LINES_A_TURN: Final = 20
"""Reading so many takes about a millisecond, in which the process answers nobody else."""

T = TypeVar("T")


async def read_lines(body: bytes, read: Callable[[bytes], T]) -> list[T]:
    """Every line as `read` gives it; empty lines are passed over.

    `read` raises ShapeError for a line that cannot be used. Raises Problem (400, 413) with all that is wrong.
    """
    # By line feeds alone (RFC 8259 has no other line end that NDJSON uses); a carriage return is white space.
    lines = [(number, line) for number, line in enumerate(body.split(b"\n"), 1) if line.strip()]
    if len(lines) > MOST_LINES:
        raise Problem(413, "too-large", "The request is too large.", f"At most {MOST_LINES} lines.")
    values: list[T] = []
    problems: list[dict[str, str | int]] = []
    refused = 0
    for count, (number, line) in enumerate(lines, 1):
        try:
            values.append(read(line))
        except ShapeError as error:
            refused += 1
            if len(problems) < MOST_PROBLEMS:
                problems.append({"line": number, "pointer": error.pointer, "problem": error.problem})
        if count % _LINES_A_TURN == 0:
            await asyncio.sleep(0)
    if refused or not lines:
        raise _refusal(refused, len(lines), problems)
    return values


def _refusal(refused: int, lines: int, problems: list[dict[str, str | int]]) -> Problem:
    if not lines:
        detail = "The body has no line: send a JSON object a line."
    else:
        first = problems[0]
        place = f"line {first['line']}: {first['pointer'] or 'the line'}: {first['problem']}"
        others = "" if refused == 1 else f", and {refused - 1} more"
        detail = f"{place}{others}. None of the {lines} lines was taken."
    return Problem(
        400, "invalid-request", "The request has a value that cannot be used.", detail, errors=problems
    )
