"""How many different ones there are among very many, counted in a few megabytes.

Linear counting (Whang, Vander-Zanden and Taylor 1990): each one sets a bit at random, and how many bits stay
unset tells how many different ones there were, to about a thousandth.
"""

from __future__ import annotations

import math
from typing import Final

_BITS: Final = 1 << 26


class Distinct:
    """Counts texts. Eight megabytes; good to some hundred million."""

    def __init__(self) -> None:
        self._bits = bytearray(_BITS // 8)

    def add(self, text: str) -> None:
        """Count it in, unless it was before."""
        place = hash(text) & (_BITS - 1)
        self._bits[place >> 3] |= 1 << (place & 7)

    def count(self) -> int:
        """About how many there were."""
        unset = _BITS - int.from_bytes(self._bits, "little").bit_count()
        return round(_BITS * math.log(_BITS / max(unset, 1)))
