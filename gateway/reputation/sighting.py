"""A sighting: one party saw one number do harm on one day.

Decides what makes two sightings the same one (`identity`) and until when one counts. Does not decide
what a sighting is worth beside others; that is `score`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from gateway.numbers.canonical import TelephoneNumber
from gateway.reputation.path import UNKNOWN_PATH

FEED_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}")
"""Feed names stand in keys, metrics and Redis entries: short, lower case, no separators of those."""

DEFAULT_KEEP_DAYS: Final = 730
"""How long a sighting counts that names no expiry. At a half-life of ten days its weight is gone after
a tenth of that; it is kept so that a number with a past is told from one never heard of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """One complaint or listing of `tn` on `day`, as `feed` gave it."""

    tn: TelephoneNumber
    day: date
    feed: str
    reporter: str = ""
    """Who saw it, unique within feed, day and number; for unknown reporters their ordinal (digits), and
    empty where the feed itself is the reporter."""
    weight: float = 1.0
    """0 < weight ≤ 1: how sure the feed is; a plain complaint is 1."""
    label: str = ""
    """The feed's word for it, for people."""
    path: str = UNKNOWN_PATH
    """By which path the number was shown (`path.PATHS`); empty where nobody said."""
    expires: date | None = None
    """The last day it counts; None for `DEFAULT_KEEP_DAYS` after `day`."""

    @property
    def is_known_reporter(self) -> bool:
        """Whether the same name on another day is the same reporter; an ordinal is nobody's name."""
        return not self.reporter.isdecimal()

    @property
    def identity(self) -> tuple[str, date, TelephoneNumber, str]:
        """What makes it the same sighting when it is seen again: feed, day, number, reporter."""
        return self.feed, self.day, self.tn, self.reporter

    @property
    def last_day_counted(self) -> date:
        """The last day on which it counts."""
        return self.expires if self.expires is not None else self.day + timedelta(days=DEFAULT_KEEP_DAYS)


@dataclass(frozen=True, slots=True)
class LineProblem:
    """A line that was refused; `whole_file` when nothing of the file can be read because of it."""

    line: int
    problem: str
    whole_file: bool = False
