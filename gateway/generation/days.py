"""Days in configuration files: until when an entry counts."""

from __future__ import annotations

import datetime as dt
import re
from typing import Final

_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def end_of_day(text: str) -> int:
    """The end (UTC) of the day named, in epoch seconds: the day itself still counts. Raises ValueError."""
    try:
        if _DAY.fullmatch(text) is None:
            raise ValueError(text)
        day = dt.datetime.combine(dt.date.fromisoformat(text), dt.time(), tzinfo=dt.UTC)
        return int((day + dt.timedelta(days=1)).timestamp())
    except (ValueError, OverflowError):
        raise ValueError("is not a day such as 2027-12-31; empty means no end") from None
