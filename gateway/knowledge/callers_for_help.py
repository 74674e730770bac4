"""Numbers that called for help, on their way to Redis (RFC 7090's half hour begins with the call).

A note is not tied to the answer its call waits for: it goes along with the next batch, and one that could
not be written waits for Redis to come back, for as long as it would have counted. Their number is
bounded, as everything is that a switch can make grow.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from gateway.numbers.canonical import TelephoneNumber

KEEP_SECONDS: Final = 1800.0
MOST_WAITING: Final = 1024

Ends = Mapping[TelephoneNumber, float]
"""Until when each number counts, in the event loop's time."""


class CallersForHelp:
    """Those not written yet. Times are the event loop's."""

    def __init__(self) -> None:
        self.dropped = 0
        self._ends: dict[TelephoneNumber, float] = {}

    def __bool__(self) -> bool:
        """Whether any waits."""
        return bool(self._ends)

    def add(self, tns: Iterable[TelephoneNumber], now: float) -> None:
        """These called just now."""
        self.put_back(dict.fromkeys(tns, now + KEEP_SECONDS))

    def put_back(self, ends: Ends) -> None:
        """Keep them for the next try; a later call of the same number counts."""
        for tn, end in ends.items():
            if len(self._ends) >= MOST_WAITING and tn not in self._ends:
                self.dropped += 1
            else:
                self._ends[tn] = max(end, self._ends.get(tn, end))

    def take(self, now: float) -> Ends:
        """Give all that still count, to be written or put back."""
        taken = {tn: end for tn, end in self._ends.items() if end >= now + 1}
        self._ends = {}
        return taken
