"""Claiming many numbers by a file: line by line, each taken whole or refused with its column and why.

The good lines of a file are taken though others are not; sent again, those that were taken are refused as
registered already, so that a mended file can be sent whole. A file of any length is read and answered in
portions; one portion is one transaction.
"""

from __future__ import annotations

import csv
from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final, TextIO

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.control.commands.problems import CommandError
from gateway.control.registry.claims import (
    CLAIMS_OF_AN_OWNER,
    Claim,
    check_claim,
    refuse_own_overlap,
    tell_holders,
)
from gateway.control.registry.limits import check_limit
from gateway.control.registry.steps import audit_owner
from gateway.record.attempts import note_attempts
from gateway.record.engine import Record
from gateway.record.registrations import insert_registrations
from gateway.registry.registration import Brand, Use

COLUMNS: Final = ("numbers", "use", "trunks", "providers", "brand", "call_reason")
LINES_A_PORTION: Final = 500
"""Some hundred milliseconds of a transaction, in which nobody else writes."""
_LONGEST_LINE: Final = 4_000


@dataclass(frozen=True, slots=True)
class LineResult:
    """What became of a line: the id of its registration, or the problem and the column it is in."""

    line: int
    id: int | None = None
    column: str = ""
    problem: str = ""


def read_claims(file: TextIO) -> Iterator[tuple[int, Claim | LineResult]]:
    """Read the lines under the heading, by number. Raises CommandError for another heading."""
    rows = csv.reader(_bounded(file), strict=True)
    try:
        heading = next(rows, [])
    except csv.Error as error:
        raise CommandError(f"line 1: {error}") from error
    if tuple(name.strip() for name in heading) != COLUMNS:
        raise CommandError(f"the first line is {','.join(COLUMNS)}")
    while True:
        try:
            row = next(rows, None)
        except csv.Error as error:
            yield rows.line_num, LineResult(rows.line_num, problem=str(error))
            continue
        if row is None:
            return
        if row:
            yield rows.line_num, _claim(rows.line_num, [value.strip() for value in row])


def _bounded(file: TextIO) -> Iterator[str]:
    """The lines of a file; one beyond measure is cut, and refused for what is left of it."""
    while line := file.readline(_LONGEST_LINE):
        yield line.replace("\x00", "\ufffd")


def _claim(line: int, row: Sequence[str]) -> Claim | LineResult:
    if len(row) != len(COLUMNS):
        return LineResult(line, problem=f"has {len(row)} values, not {len(COLUMNS)}")
    numbers, use, trunks, providers, brand, call_reason = row
    if use not in set(Use):
        return LineResult(line, column="use", problem=f"is one of {', '.join(Use)}")
    if call_reason and not brand:
        return LineResult(line, column="brand", problem="is needed with a call_reason")
    return Claim(
        numbers=numbers,
        use=Use(use),
        trunks=tuple(trunks.split()),
        providers=tuple(providers.split()),
        brand=Brand(brand, call_reason=call_reason or None) if brand else None,
    )


async def claim_lines(
    record: Record,
    lines: Iterable[tuple[int, Claim | LineResult]],
    *,
    owner_id: int,
    trunks: Collection[str],
    actor: str,
    now: int,
) -> AsyncIterator[LineResult]:
    """Register line by line and yield what became of each, in order. Raises CommandError, RecordError."""
    remaining = iter(lines)
    async with record.write() as transaction:
        await check_limit(transaction, "claim", str(owner_id), CLAIMS_OF_AN_OWNER, now=now)
        await note_attempts(transaction, [("claim", str(owner_id))], now=now)
    while portion := list(islice(remaining, LINES_A_PORTION)):
        results: list[LineResult] = []
        async with record.write() as transaction:
            for line, claim in portion:
                if isinstance(claim, LineResult):
                    results.append(claim)
                else:
                    results.append(await _take(transaction, line, claim, owner_id, trunks, now=now))
            taken = [result for result in results if result.id is not None]
            if taken:
                await audit_owner(
                    transaction,
                    owner_id,
                    action="registration.claim",
                    actor=actor,
                    now=now,
                    detail={
                        "registrations": [result.id for result in taken],
                        "numbers": [claim.numbers for _, claim in _claims(portion, taken)],
                    },
                )
        for result in results:
            yield result


def _claims(
    portion: Iterable[tuple[int, Claim | LineResult]], taken: Iterable[LineResult]
) -> Iterator[tuple[int, Claim]]:
    lines = {result.line for result in taken}
    for line, claim in portion:
        if line in lines and isinstance(claim, Claim):
            yield line, claim


async def _take(
    transaction: AsyncConnection, line: int, claim: Claim, owner_id: int, trunks: Collection[str], *, now: int
) -> LineResult:
    try:
        wanted = check_claim(claim, "", owner_id=owner_id, trunks=trunks)
        await refuse_own_overlap(transaction, wanted, "")
    except CommandError as error:
        column = error.pointer.removeprefix("/").partition("/")[0]
        return LineResult(line, column=column, problem=error.problem)
    (made,) = await insert_registrations(transaction, [wanted], now=now)
    await tell_holders(transaction, wanted, now=now)
    return LineResult(line, id=made)
