"""Ranges given out that lie between area and exchange: a hundred thousand numbers, or a million.

A range as large as a level is that level. One that parts an exchange, or is no power of ten, is none.
"""

from __future__ import annotations

from typing import Final

from gateway.numbers.allocations import Allocations
from gateway.numbers.canonical import TelephoneNumber
from gateway.numbers.ranges import NumberRange
from gateway.reputation.blocks import Level

WIDTHS: Final = range(Level.EXCHANGE.dropped + 1, Level.AREA.dropped)
"""How many last digits the first digits of such a range are without."""


def wide_range(exchange: str, allocations: Allocations) -> int | None:
    """The width of the range that an exchange was given out in, of `WIDTHS`; None where it has none."""
    numbers = allocations.range_of(TelephoneNumber(exchange + "0" * Level.EXCHANGE.dropped))
    return None if numbers is None else width_of(numbers)


def width_of(numbers: NumberRange) -> int | None:
    """The width of a range; None where it lies otherwise than between area and exchange."""
    end = len(numbers.start)
    for width in WIDTHS:
        if numbers.count == 10**width and numbers.start[end - width :] == "0" * width:
            return width
    return None
