"""Calls of the last two minutes by the second: what a live chart shows."""

from __future__ import annotations

from typing import Final

SECONDS_KEPT: Final = 120
_OVER: Final = 2
"""Seconds after which the journal has been read of one: workers write it, and it is read, twice a second."""


class Seconds:
    """To be used by one loop."""

    def __init__(self) -> None:
        self._counts: dict[int, int] = {}

    def count(self, at: float) -> None:
        """Count a call that came at this moment, in epoch seconds."""
        second = int(at)
        self._counts[second] = self._counts.get(second, 0) + 1

    def latest(self, now: float) -> list[int]:
        """Calls in each of the last two minutes' seconds, oldest first; the last is over and read."""
        end = int(now) - _OVER
        self._counts = {each: times for each, times in self._counts.items() if each > end - SECONDS_KEPT}
        return [self._counts.get(second, 0) for second in range(end - SECONDS_KEPT + 1, end + 1)]
