"""The FTC's Do Not Call complaints: one line, one consumer, one complaint about the number shown.

Read in two forms: the daily files the FTC publishes ("Do Not Call (DNC) Reported Calls Data",
eight columns, the day in `Created_Date`), and the single column `Company_Phone_Number` in which they
are passed on, whose day comes from outside. A complainant is not named, so a complaint's identity is
feed, day, number and how often that number stood on that day until here: reading a file again gives
the same identities.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import date
from typing import Final

from gateway.numbers.canonical import TelephoneNumber
from gateway.reputation.reading import Reading
from gateway.reputation.sighting import LineProblem, Sighting

NUMBER_COLUMN: Final = "Company_Phone_Number"
DAILY_COLUMNS: Final = (
    NUMBER_COLUMN,
    "Created_Date",
    "Violation_Date",
    "Consumer_City",
    "Consumer_State",
    "Consumer_Area_Code",
    "Subject",
    "Recorded_Message_Or_Robocall",
)
LONGEST_LABEL: Final = 64
MOST_A_DAY: Final = 1_000
"""Complaints about one number of one day: none of the FTC's files of 2025 has two hundred."""
MOST_ON_AVERAGE: Final = 10
"""Complaints about a number on a day, over a whole file; the FTC's files of 2025 have 1.1."""
FEW_COMPLAINTS: Final = 1_000
"""A file of no more than these says little about averages."""
_TEN_DIGITS: Final = re.compile(r"[0-9]{10}")
_DAY: Final = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[ T][0-9:.]{0,15}Z?)?")


def row_reader(header: list[str], reading: Reading) -> Complaints | str:
    """Return what reads the rows under `header`, or why none can be read."""
    names = tuple(name.strip() for name in header)
    if names not in (DAILY_COLUMNS, (NUMBER_COLUMN,)):
        return f"not an FTC file: the first line must be {NUMBER_COLUMN!r} or the FTC's eight columns"
    if names == (NUMBER_COLUMN,) and reading.day is None:
        return "the file names no day: give one, or a file name such as 2025-11-21.csv"
    return Complaints(reading, len(names))


class Complaints:
    """Reads the rows. Counts how often a number stood on a day, which is the complainant's only name."""

    def __init__(self, reading: Reading, columns: int) -> None:
        self._reading = reading
        self._columns = columns
        self._complaints = 0
        self._seen: Counter[tuple[int, str]] = Counter()
        self._days: dict[str, date | str] = {}

    def __call__(self, line: int, row: list[str]) -> Sighting | LineProblem:
        """The complaint of one row, or why there is none."""
        if len(row) != self._columns:
            return LineProblem(line, f"{len(row)} fields where the header has {self._columns}")
        digits = row[0].strip()
        if _TEN_DIGITS.fullmatch(digits) is None:
            return LineProblem(line, f"{NUMBER_COLUMN} {_shown(digits)} is not ten digits")
        day = self._reading.day if self._columns == 1 else self._created(row[1].strip())
        if not isinstance(day, date):
            return LineProblem(line, day or "no day")
        self._complaints += 1
        seen = self._seen[day.toordinal(), digits] + 1
        if seen > MOST_A_DAY:
            problem = f"{digits} has {MOST_A_DAY:,} complaints of {day} already: a line repeated?"
            return LineProblem(line, problem)
        self._seen[day.toordinal(), digits] = seen
        return Sighting(
            tn=TelephoneNumber("1" + digits),
            day=day,
            feed=self._reading.feed,
            reporter=str(seen),
            label="" if self._columns == 1 else _label(row[6]),
        )

    def file_problem(self) -> str | None:
        """Why the file, now that all of it is read, cannot be one day's complaints."""
        numbers = len(self._seen)
        if self._complaints <= max(FEW_COMPLAINTS, MOST_ON_AVERAGE * numbers):
            return None
        what = "one number" if numbers == 1 else f"{numbers:,} numbers"
        return (
            f"{self._complaints:,} complaints about {what}: more than {MOST_ON_AVERAGE} about each on a day "
            "are no list of complaints but lines repeated"
        )

    def _created(self, text: str) -> date | str:
        match = _DAY.fullmatch(text)
        if match is None:
            return f"Created_Date {_shown(text)} does not begin with a day such as 2025-11-21"
        known = self._days.get(match[1])
        if known is None:
            known = self._day(match[1])
            if len(self._days) < 1000:
                self._days[match[1]] = known
        return known

    def _day(self, text: str) -> date | str:
        try:
            day = date.fromisoformat(text)
        except ValueError:
            return f"Created_Date {text} is not a day of the calendar"
        return self._reading.day_problem(day) or day


def _label(subject: str) -> str:
    return "".join(letter for letter in subject.strip() if letter.isprintable())[:LONGEST_LABEL]


def _shown(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:40] + "…")
