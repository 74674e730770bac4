"""How one import file is to be read, and the day its name holds."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final, Literal, get_args

from gateway.numbers.canonical import DiallingRules
from gateway.reputation.sighting import FEED_NAME

Format = Literal["ftc-dnc", "csv", "jsonl"]
FORMATS: Final[tuple[Format, ...]] = get_args(Format)
EARLIEST_DAY: Final = date(2000, 1, 1)
_DAY_IN_NAME: Final = re.compile(r"(?<!\d)(\d{4}-\d{2}-\d{2})(?!\d)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How one file is to be read."""

    format: Format
    feed: str
    today: date
    """Days after tomorrow (a feed's clock may be ahead of ours) and before 2000 are refused."""
    day: date | None = None
    """The day of lines that name none."""
    rules: DiallingRules = field(default_factory=DiallingRules)
    """How numbers without a country code are understood in `csv` and `jsonl`."""

    def __post_init__(self) -> None:
        if self.format not in FORMATS:
            raise ValueError(f"unknown format {self.format!r}; known: {', '.join(FORMATS)}")
        if FEED_NAME.fullmatch(self.feed) is None:
            raise ValueError(f"feed name {self.feed!r} must be lower-case letters, digits, '.', '_' or '-'")
        if self.day is not None and (problem := self.day_problem(self.day)):
            raise ValueError(problem)

    def day_problem(self, day: date) -> str | None:
        """Why `day` cannot be the day of a sighting, or None."""
        if day < EARLIEST_DAY:
            return f"day {day} is before {EARLIEST_DAY}"
        if day > self.today + timedelta(days=1):
            return f"day {day} is in the future"
        return None


def day_of_name(name: str) -> date | None:
    """Return the one day (`2025-11-21`) a file's name holds, or None."""
    days = _DAY_IN_NAME.findall(name)
    if len(days) != 1:
        return None
    try:
        return date.fromisoformat(days[0])
    except ValueError:
        return None
