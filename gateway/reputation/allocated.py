"""The range a number was given out in, beside the levels around it: what was seen there, in words.

A range as large as a level is that level, and its evidence counts as the level's. One between area and
exchange is a level of its own for the exchanges in which something was seen. Any other weighs nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.numbers.allocations import Allocations
from gateway.numbers.canonical import TelephoneNumber, to_e164
from gateway.numbers.ranges import NumberRange
from gateway.reputation.blocks import BLOCKS, Level, block_of
from gateway.reputation.neighbourhood import Area
from gateway.reputation.wide_range import width_of


@dataclass(frozen=True, slots=True)
class Allocated:
    """The range, whom it was given to, and how many of its numbers were seen."""

    numbers: NumberRange
    holder: str
    source: str
    """Whose list says so: `ofcom`, `nanpa`."""
    seen: int
    level: Level | None
    """The level that has the same numbers; None where none has."""

    @property
    def detail(self) -> str:
        """A sentence for people."""
        first, last = to_e164(self.numbers.start), to_e164(self.numbers.last)
        if self.level is not None:
            meaning = f"the same as its {self.level}"
        elif width_of(self.numbers) is not None:
            meaning = "a level between its area and its exchange, where something was seen of the exchange"
        else:
            meaning = "no level, so it weighs nothing"
        return (
            f"given out by {self.source} to {self.holder}: {first} to {last}, "
            f"{self.numbers.count:,} numbers, {self.seen:,} seen; {meaning}"
        )


def allocated(tn: TelephoneNumber, area: Area | None, allocations: Allocations) -> Allocated | None:
    """Return the range of `tn`, whose area is `area`; None where no list has one within that area."""
    numbers, holding = allocations.range_of(tn), allocations.holding(tn)
    if numbers is None or holding is None:
        return None
    if block_of(numbers.start, Level.AREA) != block_of(numbers.last, Level.AREA):
        return None
    seen = 0 if area is None else sum(numbers.covers(TelephoneNumber(block)) for block in area.evidence)
    level = next((each for each in BLOCKS if numbers == _block(tn, each)), None)
    return Allocated(numbers, holding.holder, holding.source, seen, level)


def _block(tn: TelephoneNumber, level: Level) -> NumberRange:
    return NumberRange(TelephoneNumber(block_of(tn, level) + "0" * level.dropped), 10**level.dropped)
