"""Which blocks of numbers the regulator has given to whom, and which it has given to nobody.

Sources: the files of Ofcom ("numbering data", S1 to S9) and of NANPA (central office code assignment
records), as `gateway/generation/allocation_formats.py` reads them. A number in no block of any file is not
unallocated: nothing is said of it.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from gateway.numbers.canonical import NumberError, TelephoneNumber
from gateway.numbers.ranges import NumberRange


class BlockStatus(StrEnum):
    """What the regulator says of a block; only of the first kind can anybody have a number."""

    ALLOCATED = "allocated"
    FREE = "free"
    PROTECTED = "protected"
    """Kept back, so that near numbers are not confused or a range can grow."""
    QUARANTINED = "quarantined"
    """Taken back, and not given out again for a while."""
    RESERVED = "reserved"
    DESIGNATED = "designated"
    """Its use is decided; it has not been given out."""
    UNAVAILABLE = "unavailable"
    """Cannot be given out: service codes and the like."""
    UNLISTED = "unlisted"
    """Missing from a list that names everything given out."""


@dataclass(frozen=True, slots=True)
class Holding:
    """What is said of every number of a block."""

    status: BlockStatus
    holder: str
    """Whom it was given to; empty for nobody."""
    source: str
    """Whose list says so: `ofcom`, `nanpa`."""


@dataclass(frozen=True, slots=True)
class Block:
    """One block of a list."""

    numbers: NumberRange
    holding: Holding


class Allocations:
    """Every block of all lists: two 8-byte integers and a reference each, one bisection a look-up.

    Raises `NumberError` where two blocks share a number.
    """

    __slots__ = ("_tables",)

    def __init__(self, blocks: Iterable[Block] = ()) -> None:
        by_length: dict[int, list[tuple[int, int, Holding]]] = {}
        # Few holdings, many blocks: equal ones become one object.
        known: dict[Holding, Holding] = {}
        for block in blocks:
            start = int(block.numbers.start)
            row = (start, start + block.numbers.count - 1, known.setdefault(block.holding, block.holding))
            by_length.setdefault(len(block.numbers.start), []).append(row)
        self._tables = {length: _Table(rows) for length, rows in by_length.items()}

    def __len__(self) -> int:
        return sum(len(table.starts) for table in self._tables.values())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Allocations):
            return NotImplemented
        return self is other or self._tables == other._tables

    __hash__ = None  # type: ignore[assignment]  # compared after a reload, never looked up by

    def holding(self, tn: TelephoneNumber) -> Holding | None:
        """What is said of this number; None where no list speaks of it."""
        found = self._find(tn)
        return None if found is None else found[0].holdings[found[1]]

    def range_of(self, tn: TelephoneNumber) -> NumberRange | None:
        """The block that was given out with this number in it; None where none is known."""
        found = self._find(tn)
        if found is None or found[0].holdings[found[1]].status is not BlockStatus.ALLOCATED:
            return None
        table, row = found
        start = TelephoneNumber(str(table.starts[row]))
        return NumberRange(start, table.lasts[row] - table.starts[row] + 1)

    def _find(self, tn: TelephoneNumber) -> tuple[_Table, int] | None:
        table = self._tables.get(len(tn))
        if table is None or not tn.isdigit():
            return None
        digits = int(tn)
        row = bisect_right(table.starts, digits) - 1
        return (table, row) if row >= 0 and table.lasts[row] >= digits else None


class _Table:
    """The blocks of numbers of one length, by their first number."""

    __slots__ = ("holdings", "lasts", "starts")

    def __init__(self, rows: list[tuple[int, int, Holding]]) -> None:
        rows.sort(key=lambda row: row[:2])
        self.starts = array("Q", (row[0] for row in rows))
        self.lasts = array("Q", (row[1] for row in rows))
        self.holdings = [row[2] for row in rows]
        for row in range(1, len(rows)):
            if self.starts[row] <= self.lasts[row - 1]:
                raise NumberError(f"the blocks from +{self.starts[row - 1]} and +{self.starts[row]} overlap")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _Table):
            return NotImplemented
        return (self.starts, self.lasts, self.holdings) == (other.starts, other.lasts, other.holdings)

    __hash__ = None  # type: ignore[assignment]  # as above
