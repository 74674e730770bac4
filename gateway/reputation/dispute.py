"""A disputed reputation: whoever holds a number says that what is said of it is wrong.

Upheld, the number is released: what was seen on days up to that one counts no more, however late it is
brought; what is seen on later days counts like any other's first sighting.
"""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum
from typing import Final

ANSWER_DAYS: Final = 5
"""Within so many days an operator answers; it is what whoever disputes is told."""


class DisputeState(StrEnum):
    """How far a dispute is."""

    OPEN = "open"
    UPHELD = "upheld"
    REJECTED = "rejected"


def last_day_after_release(day: date, last_day: date, released: date | None) -> date:
    """The last day on which a sighting of `day` counts, where its number was released on a day, or never."""
    if released is None or day > released:
        return last_day
    return min(last_day, released - timedelta(days=1))
