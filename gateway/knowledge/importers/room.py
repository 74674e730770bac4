"""How much of Redis' memory there is for reputations, and how much of it numbers take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

BYTES_A_NUMBER: Final = 60
BYTES_AN_EXCHANGE: Final = 200
"""Of Redis' memory, the blocks included: a little more than `python -m bench.lookups` measures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What Redis may hold, and what of that is free, in bytes."""

    most: int
    free: int

    def surely_holds(self, lines: int) -> bool:
        """Whether so many numbers fit, wherever they lie."""
        return lines * (BYTES_A_NUMBER + BYTES_AN_EXCHANGE) <= self.free


def bytes_needed(*, numbers: int, exchanges: int) -> int:
    """What so many numbers in so many exchanges take of Redis' memory."""
    return numbers * BYTES_A_NUMBER + exchanges * BYTES_AN_EXCHANGE
