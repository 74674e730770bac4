"""The carrier's own numbers: which trunk each range is assigned to, and the right that follows.

The rows come from `inventory.csv` (start, count, trunk); reading that file and telling its problems is
not done here. A verified registration is the other source of right, and is looked up elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, Literal

import msgspec

from gateway.numbers.canonical import TelephoneNumber
from gateway.numbers.ranges import NumberRange, RangeMap


class RightToUse(msgspec.Struct, frozen=True, gc=False):
    """That a trunk may show a number, and who says so; `source` None says that nobody does."""

    source: Literal["inventory", "registration"] | None
    trunk: str
    lapsed: bool = False
    """Whether there would be one if the record had been reached lately."""

    def holds_for(self, trunk: str) -> bool:
        """Tell whether the right is there and is this trunk's."""
        return self.source is not None and self.trunk == trunk


NO_RIGHT: Final = RightToUse(source=None, trunk="")
LAPSED_RIGHT: Final = RightToUse(source=None, trunk="", lapsed=True)
"""A registration that nobody could have taken back: the record was last reached too long ago."""


class Inventory:
    """Which trunk a number is assigned to. Immutable; an empty one gives nobody a right."""

    __slots__ = ("_ranges",)

    def __init__(self, rows: Iterable[tuple[NumberRange, str]] = ()) -> None:
        self._ranges = RangeMap(rows)

    def __len__(self) -> int:
        return len(self._ranges)

    def trunks(self, tn: TelephoneNumber) -> tuple[str, ...]:
        """Trunks the number is assigned to, usually one.

        The smallest range decides: a block given on to a customer is no longer the wholesaler's. The
        same range on two trunks belongs to both, as a customer with two connections has it.
        """
        return self._ranges.find_smallest(tn)

    def right_to_use(self, tn: TelephoneNumber, trunk: str) -> RightToUse:
        """Give the right of this trunk to the number, `NO_RIGHT` if it has none."""
        return RightToUse("inventory", trunk) if trunk in self.trunks(tn) else NO_RIGHT

    def overlaps(self) -> Iterator[tuple[NumberRange, NumberRange]]:
        """Name the ranges that lie in or across one another, for whoever checks the file."""
        return self._ranges.overlaps()
