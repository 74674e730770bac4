"""Claiming many numbers by a file: line by line, each taken whole or refused with its column and why.

The good lines of a file are taken though others are not; sent again, those that were taken are refused as
registered already, so that a mended file can be sent whole. A file of any length is read and answered in
portions; one portion is one transaction.
"""

from __future__ import annotations

import csv
from bisect import bisect_left, bisect_right
from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final, TextIO, TypeAlias

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.control.commands.problems import CommandError
from gateway.control.registry.claim_check import Claim, check_claim
from gateway.control.registry.claims import CLAIMS_OF_AN_OWNER, own_overlap, tell_holders
from gateway.control.registry.limits import check_limit
from gateway.control.registry.steps import audit_owner
from gateway.numbers.canonical import TelephoneNumber
from gateway.record.attempts import note_attempts
from gateway.record.engine import Record
from gateway.record.registrations import insert_registrations, overlapping
from gateway.registry.registration import Brand, Registration, Use
from gateway.registry.states import LIVE

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
        checked = [_checked(line, claim, owner_id, trunks) for line, claim in portion]
        async with record.write() as transaction:
            results = await _take(transaction, checked, now=now)
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


_Checked: TypeAlias = tuple[int, Registration | LineResult]


def _checked(line: int, claim: Claim | LineResult, owner_id: int, trunks: Collection[str]) -> _Checked:
    if isinstance(claim, LineResult):
        return line, claim
    try:
        return line, check_claim(claim, "", owner_id=owner_id, trunks=trunks)
    except CommandError as error:
        return line, _refused(line, error)


def _refused(line: int, error: CommandError) -> LineResult:
    column = error.pointer.removeprefix("/").partition("/")[0]
    return LineResult(line, column=column, problem=error.problem)


async def _take(transaction: AsyncConnection, lines: Sequence[_Checked], *, now: int) -> list[LineResult]:
    """Register what can be; the record is asked once for all lines, and again only for another's numbers."""
    wanted = [each for _, each in lines if isinstance(each, Registration)]
    there = await overlapping(transaction, *[each.numbers for each in wanted], states=LIVE)
    own = _Held(each for each in there if wanted and each.owner_id == wanted[0].owner_id)
    others = [each for each in there if wanted and each.owner_id != wanted[0].owner_id]
    results: dict[int, LineResult] = {}
    waiting: list[tuple[int, Registration]] = []

    async def insert() -> None:
        if waiting:
            ids = await insert_registrations(transaction, [each for _, each in waiting], now=now)
            for (line, each), made in zip(waiting, ids, strict=True):
                results[line] = LineResult(line, id=made)
                own.put(replace(each, id=made))
            waiting.clear()

    for line, each in lines:
        if isinstance(each, LineResult):
            results[line] = each
        elif (mine := own.find(each)) is not None:
            if not mine.id:
                await insert()  # the answer names the registration that is in the way
                mine = own.find(each) or mine
            results[line] = _refused(line, own_overlap(mine, ""))
        else:
            own.put(each)
            waiting.append((line, each))
    await insert()
    for line, each in lines:
        if results[line].id is None or not isinstance(each, Registration):
            continue
        if any(other.overlaps(each) for other in others):
            await tell_holders(transaction, each, now=now)
    return [results[line] for line, _ in lines]


class _Held:
    """An owner's live registrations: no two have a number in common."""

    def __init__(self, registrations: Iterable[Registration]) -> None:
        self._by_length: dict[int, list[Registration]] = {}
        for each in registrations:
            self.put(each)

    def put(self, registration: Registration) -> None:
        """Add one, or put it in the place of that with the same start."""
        kept = self._by_length.setdefault(len(registration.numbers.start), [])
        place = bisect_left(kept, registration.numbers.start, key=_start)
        is_there = place < len(kept) and _start(kept[place]) == registration.numbers.start
        kept[place : place + is_there] = [registration]

    def find(self, wanted: Registration) -> Registration | None:
        """One that has a number in common with it."""
        kept = self._by_length.get(len(wanted.numbers.start), [])
        place = bisect_right(kept, wanted.numbers.last, key=_start) - 1
        return kept[place] if place >= 0 and kept[place].overlaps(wanted) else None


def _start(registration: Registration) -> TelephoneNumber:
    return registration.numbers.start
