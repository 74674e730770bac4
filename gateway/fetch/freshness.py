"""How long a downloaded certificate chain stays fresh.

RFC 9111 section 4.2 (freshness), ATIS-1000074 (nothing said, or less than 24 hours: 24 hours). Pure: header
values in, seconds out. What happens to a chain that is no longer fresh is decided in `chains.py`: it is
served on, while one fetch behind the call looks for a newer one.
"""

from __future__ import annotations

import re
from email.utils import mktime_tz, parsedate_tz
from typing import Final

SHORTEST_SECONDS: Final = 86_400
"""ATIS-1000074: without an HTTP lifetime, or with a shorter one, a certificate is kept for 24 hours."""

_MOST_SECONDS: Final = 2**31
"""RFC 9111 section 1.2.2: what a delta-seconds that is too large to represent counts as."""

_MAX_AGE: Final = re.compile(
    r'(?:^|,)[ \t]*max-age[ \t]*=[ \t]*"?([0-9]+)"?[ \t]*(?=,|$)', re.ASCII | re.IGNORECASE
)
_SECONDS: Final = re.compile(r"[ \t]*([0-9]+)[ \t]*", re.ASCII)


def max_age_seconds(*, cache_control: str, age: str, expires: str, date: str) -> int | None:
    """Read the lifetime an answer was given, in seconds from now; None where it says nothing usable.

    Each argument is the header's value, or an empty string where the header is absent; several
    Cache-Control lines are joined by commas. Never raises, whatever the text. s-maxage is not read: it speaks
    to caches that stand between several users, and a node's memory does not.
    """
    said = _MAX_AGE.search(cache_control)
    if said is not None:
        lifetime = _delta(said[1])
    else:
        end, start = _epoch(expires), _epoch(date)
        if end is None or start is None:
            return None
        lifetime = min(max(end - start, 0), _MOST_SECONDS)
    spent = _SECONDS.fullmatch(age)
    return max(lifetime - (_delta(spent[1]) if spent is not None else 0), 0)


def fresh_seconds(max_age: int | None, *, now: int, not_after: int) -> int:
    """How long the chain need not be looked for again; `now` and `not_after` are epoch seconds.

    Never past the end of the certificates, and never more than two thirds of what is left of them: so
    that a certificate that is replaced at its own address shortly before it ends (half of those in use live
    for six days) is renewed here before the old one stops.
    """
    lifetime = max(max_age or 0, SHORTEST_SECONDS)
    return max(min(lifetime, (not_after - now) * 2 // 3), 0)


def _delta(digits: str) -> int:
    # int() itself refuses more than 4,300 digits.
    return _MOST_SECONDS if len(digits) > 10 else min(int(digits), _MOST_SECONDS)


def _epoch(text: str) -> int | None:
    try:
        parsed = parsedate_tz(text)
        return None if parsed is None else int(mktime_tz(parsed))
    except (ValueError, OverflowError, TypeError, IndexError):
        # The e-mail parser lets numbers through that are no date; an unusable date is no date.
        return None
