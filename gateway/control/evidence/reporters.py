"""How far a token's complaints are to be believed: by how many of them were about calls that were.

A help desk passes on what people say who were called; whoever wants a rival labelled complains about calls
that never were, or tries pairs of numbers until one fits. The share of a token's complaints whose call is
known tells the one from the other, so each complaint weighs as much as that share. Kept for the life of the
control process; it begins with the benefit of the doubt of one complaint.
"""

from __future__ import annotations

from collections import deque
from typing import Final

REMEMBERED: Final = 1000
"""Complaints of a token that its share is taken of, the last ones."""
MOST_TOKENS: Final = 1000
_DOUBT: Final = 1


class Reporters:
    """The tokens that report."""

    def __init__(self) -> None:
        self._last: dict[str, deque[bool]] = {}

    def weight(self, token: str, matched: list[bool]) -> float:
        """Count a batch, complaint by complaint; return what each of them weighs, above 0 and at most 1."""
        if token not in self._last and len(self._last) >= MOST_TOKENS:
            self._last.clear()
        last = self._last.setdefault(token, deque(maxlen=REMEMBERED))
        last.extend(matched)
        return round((sum(last) + _DOUBT) / (len(last) + _DOUBT), 4)
