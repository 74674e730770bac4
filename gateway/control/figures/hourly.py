"""How often each of very many things happened in the last day, when only the most frequent matter.

By the hour, each with a bounded number of things: where there are more, the rarer half is let go, so that
a stranger who sends a new name with every call pushes out other rare ones and nothing else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable
from typing import Final, Generic, TypeVar

HOURS_KEPT: Final = 24
MOST_IN_AN_HOUR: Final = 4_000

Thing = TypeVar("Thing", bound=Hashable)


class HourlyCounts(Generic[Thing]):
    """Counts of the current hour and the 23 before it."""

    def __init__(self, most: int = MOST_IN_AN_HOUR) -> None:
        self._most = most
        self._hours: dict[int, Counter[Thing]] = {}

    def count(self, thing: Thing, *, at: float) -> None:
        """Count one; `at` in epoch seconds."""
        hour = int(at // 3600)
        counts = self._hours.get(hour)
        if counts is None:
            if self._hours and hour <= max(self._hours) - HOURS_KEPT:
                return
            counts = self._hours[hour] = Counter()
            for old in [each for each in self._hours if each <= hour - HOURS_KEPT]:
                del self._hours[old]
        counts[thing] += 1
        if len(counts) > self._most:
            self._hours[hour] = Counter(dict(counts.most_common(self._most // 2)))

    def sum(self, *, since: float) -> Counter[Thing]:
        """What happened in the hours since then, the hour of that moment included."""
        total: Counter[Thing] = Counter()
        for hour, counts in self._hours.items():
            if hour >= int(since // 3600):
                total.update(counts)
        return total
