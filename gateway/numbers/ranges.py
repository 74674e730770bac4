"""Ranges of telephone numbers, and which of very many ranges cover a number.

Sources: RFC 8226 section 9 (a range is a start and a count, and never grows a digit), the inventory and
do-not-originate files of carriers. Arithmetic happens between numbers of equal length only:
`44207946` and `442079460123` are not 442038, not even near each other.

What a range means, and whether two may overlap, is its user's decision.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from gateway.numbers.canonical import (
    MAX_DIALLED,
    MAX_DIGITS,
    SHORTEST_INTERNATIONAL,
    NumberError,
    TelephoneNumber,
)

T = TypeVar("T")

_DIGITS = re.compile(rf"[0-9]{{1,{MAX_DIGITS}}}")
_CODE = re.compile(rf"(?=[0-9]*[*#])[0-9*#]{{1,{MAX_DIALLED}}}")
_TEXT = re.compile(r"(\+?)([0-9]{1,15})(?:-(\+?)([0-9]{1,15})|/([0-9]{1,15}))?")


@dataclass(frozen=True, slots=True)
class NumberRange:
    """`count` numbers from `start` on, all as long as `start`; raises `NumberError` if they would not be."""

    start: TelephoneNumber
    count: int = 1

    def __post_init__(self) -> None:
        if self.count < 1:
            raise NumberError("a range has at least one number")
        if _DIGITS.fullmatch(self.start):
            if int(self.start) + self.count > 10 ** len(self.start):
                raise NumberError("the range ends beyond the last number of its length")
        elif not _CODE.fullmatch(self.start):
            raise NumberError("a range starts with a canonical number")
        elif self.count != 1:
            raise NumberError("a number with * or # stands alone, never in a range")

    @property
    def last(self) -> TelephoneNumber:
        """The last number of the range."""
        if self.count == 1:
            return self.start
        return TelephoneNumber(str(int(self.start) + self.count - 1).zfill(len(self.start)))

    def covers(self, tn: TelephoneNumber) -> bool:
        """Tell whether the number lies in the range; one of another length never does."""
        if self.count == 1:
            return tn == self.start
        return len(tn) == len(self.start) and tn.isdigit() and self.start <= tn <= self.last

    @classmethod
    def parse(cls, text: str) -> NumberRange:
        """Read `+442079460000-0999`, `+442079460000-+442079460999`, `+442079460000/1000`, `+442079460123`.

        After the hyphen stand the digits that change at the end of the number. A number without `+`
        has at most six digits (a service number). Raises `NumberError`, never another exception.
        """
        found = _TEXT.fullmatch(text)
        if found is None:
            raise NumberError("a range is written +442079460000-0999, +442079460000/1000 or +442079460123")
        plus, digits, last_plus, tail, count = found.groups()
        start = TelephoneNumber(digits)
        if bool(plus) != (len(start) >= SHORTEST_INTERNATIONAL) or (plus and start[0] == "0"):
            raise NumberError("a range starts with + and a country code, or is a short service number")
        if count is not None:
            return cls(start, int(count))
        if tail is None:
            return cls(start)
        if len(tail) > len(start) or (last_plus and len(tail) != len(start)):
            raise NumberError("the end of a range is not longer or shorter than its start")
        return cls(start, int(start[: len(start) - len(tail)] + tail) - int(start) + 1)


class RangeMap(Generic[T]):
    """An immutable map from ranges, which may lie in or across each other, to values.

    Two 8-byte integers and a reference a range. `find` is one bisection where no two ranges overlap
    and O(log n + found) where they do.
    """

    __slots__ = ("_codes", "_tables")

    def __init__(self, rows: Iterable[tuple[NumberRange, T]] = ()) -> None:
        by_length: dict[int, tuple[array[int], array[int], list[T]]] = {}
        codes: dict[str, list[T]] = {}
        for covered, value in rows:
            if not covered.start.isdigit():
                codes.setdefault(covered.start, []).append(value)
                continue
            starts, lasts, values = by_length.setdefault(len(covered.start), (array("Q"), array("Q"), []))
            start = int(covered.start)
            starts.append(start)
            lasts.append(start + covered.count - 1)
            values.append(value)
        self._codes = {code: tuple(values) for code, values in codes.items()}
        self._tables = {length: _Table(*columns) for length, columns in by_length.items()}

    def __len__(self) -> int:
        return sum(map(len, self._codes.values())) + sum(len(table.values) for table in self._tables.values())

    def find(self, tn: TelephoneNumber) -> tuple[T, ...]:
        """Values of all ranges that cover the number, the smallest range first, equals as given."""
        table = self._tables.get(len(tn))
        if table is None or not tn.isdigit():
            return self._codes.get(tn, ())
        return table.find(int(tn))

    def find_smallest(self, tn: TelephoneNumber) -> tuple[T, ...]:
        """Values of the smallest range that covers the number: several if the same size stands twice."""
        table = self._tables.get(len(tn))
        if table is None or not tn.isdigit():
            return self._codes.get(tn, ())
        return table.find_smallest(int(tn))

    def touches(self, numbers: NumberRange) -> bool:
        """Tell whether any range here has a number in common with this one."""
        table = self._tables.get(len(numbers.start))
        if table is None or not numbers.start.isdigit():
            return numbers.start in self._codes
        return table.touches(int(numbers.start), int(numbers.last))

    def overlaps(self) -> Iterator[tuple[NumberRange, NumberRange]]:
        """Name each range that lies in or across an earlier one, after the one that reaches furthest."""
        for code, values in self._codes.items():
            same = NumberRange(TelephoneNumber(code))
            yield from ((same, same) for _ in values[1:])
        for length, table in sorted(self._tables.items()):
            for earlier, later in table.overlaps():
                yield table.range_at(earlier, length), table.range_at(later, length)


class _Table(Generic[T]):
    """The ranges of numbers of one length, by start; of equal starts the longest first."""

    __slots__ = ("_lasts", "_reach", "_starts", "values")

    def __init__(self, starts: array[int], lasts: array[int], values: list[T]) -> None:
        # Two stable sorts: one by (start, -last) takes twice as long, and 100 bytes more a range.
        order = sorted(range(len(starts)), key=lasts.__getitem__, reverse=True)
        order.sort(key=starts.__getitem__)
        self._starts = array("Q", (starts[row] for row in order))
        self._lasts = array("Q", (lasts[row] for row in order))
        self.values = [values[row] for row in order]
        overlapping = any(self.overlaps())
        self._reach = self._furthest() if overlapping else None

    def find(self, digits: int) -> tuple[T, ...]:
        if self._reach is None:
            row = bisect_right(self._starts, digits) - 1
            return (self.values[row],) if row >= 0 and self._lasts[row] >= digits else ()
        return tuple(self.values[row] for row in self._covering(digits, self._reach))

    def find_smallest(self, digits: int) -> tuple[T, ...]:
        if self._reach is None:
            return self.find(digits)
        rows = self._covering(digits, self._reach)
        smallest = self._size(rows[0]) if rows else 0
        return tuple(self.values[row] for row in rows if self._size(row) == smallest)

    def touches(self, first: int, last: int) -> bool:
        # Any that begins within, or one that covers the first number.
        row = bisect_right(self._starts, first)
        begins_within = row < len(self._starts) and self._starts[row] <= last
        return begins_within or bool(self.find(first))

    def overlaps(self) -> Iterator[tuple[int, int]]:
        furthest = 0
        for row in range(1, len(self._starts)):
            if self._starts[row] <= self._lasts[furthest]:
                yield furthest, row
            if self._lasts[row] > self._lasts[furthest]:
                furthest = row

    def range_at(self, row: int, length: int) -> NumberRange:
        start = TelephoneNumber(str(self._starts[row]).zfill(length))
        return NumberRange(start, self._size(row) + 1)

    def _size(self, row: int) -> int:
        return self._lasts[row] - self._starts[row]

    def _covering(self, digits: int, reach: array[int]) -> list[int]:
        """Rows that cover the number, smallest first; enters only the halves that reach it."""
        found: list[int] = []
        halves = [(0, len(self._starts))]
        while halves:
            low, high = halves.pop()
            middle = (low + high) // 2
            if low == high or reach[middle] < digits or self._starts[low] > digits:
                continue
            if self._starts[middle] <= digits <= self._lasts[middle]:
                found.append(middle)
            halves += ((low, middle), (middle + 1, high))
        return sorted(found, key=lambda row: (self._size(row), row))

    def _furthest(self) -> array[int]:
        """Make the tree of `_covering`: at each half's middle the furthest last number in that half.

        A walk back from the bisected row would be enough were it not for one range that covers the plan:
        then it would pass over every range before the number.
        """
        reach = array("Q", self._lasts)

        def fill(low: int, high: int) -> int:
            if low == high:
                return 0
            middle = (low + high) // 2
            reach[middle] = max(self._lasts[middle], fill(low, middle), fill(middle + 1, high))
            return reach[middle]

        fill(0, len(reach))
        return reach
