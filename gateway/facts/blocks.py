"""Ranges of numbers as aligned decimal blocks, so that one number is found by exact keys.

A block is every number that begins with a prefix and has a given length: `44207946????`. Any range
is a short list of them (at most 18 for each digit of its size), and any number lies in exactly one
block of each prefix length. So "which of a million overlapping ranges cover this number" is a few
exact look-ups, where a comparison of bounds would walk every range that begins before the number.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

WIDEST: Final = 7
"""Free digits of the widest block: ten million numbers. A look-up asks one key for each width, so
this is also its price; who means a whole country writes a rule of policy instead."""

EVERY_WIDTH: Final = tuple(range(WIDEST + 1))
MOST_NUMBERS: Final = 10**WIDEST

_DIGITS: Final = re.compile(r"[0-9]{1,32}")
FREE_DIGIT: Final = "?"


def split_range(start: str, count: int) -> tuple[str, ...]:
    """Return the blocks that hold exactly the `count` numbers from `start` on, in order.

    A single number may be any text (`*31#`, say). ValueError for a longer range that is not of
    digits, is empty or of more than `MOST_NUMBERS`, or runs beyond the last number of its length.
    """
    if count == 1 and start and FREE_DIGIT not in start:
        return (start,)
    if _DIGITS.fullmatch(start) is None:
        raise ValueError(f"a range begins with a number of digits, not {start!r}")
    if count > MOST_NUMBERS:
        raise ValueError(f"a range holds at most {MOST_NUMBERS} numbers, not {count}")
    length, first = len(start), int(start)
    end = first + count
    if count < 1 or end > 10**length:
        raise ValueError(f"{count} numbers from {start} on do not exist among those of {length} digits")
    blocks = []
    while first < end:
        free = 0
        # The widest aligned block that begins here and does not run past the end.
        while free < length and first % 10 ** (free + 1) == 0 and first + 10 ** (free + 1) <= end:
            free += 1
        blocks.append(f"{first:0{length}d}"[: length - free] + FREE_DIGIT * free)
        first += 10**free
    return tuple(blocks)


def free_digits(block: str) -> int:
    """Return how wide a block is: 0 for a single number, 3 for a thousand."""
    return block.count(FREE_DIGIT)


def blocks_of(tn: str, widths: Iterable[int] = EVERY_WIDTH) -> tuple[str, ...]:
    """Return every block that can hold this number, by how many digits are free."""
    length = len(tn)
    return tuple([tn[: length - free] + FREE_DIGIT * free for free in widths if free <= length])
