"""How long answers took, in a histogram that can be added up and read at any percentile.

Buckets as HdrHistogram has them: sixteen to each doubling, so that a percentile is at most a sixteenth above
what was measured, from a microsecond to hours, in a dictionary of those buckets only that were met.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

STEPS: Final = 16
"""Buckets for each doubling."""
_LARGEST_MS: Final = 3_600_000.0

Buckets = dict[int, int]
"""How many answers fell into each bucket."""


def bucket_of(elapsed_ms: float) -> int:
    """The bucket that this many milliseconds fall into; what is not positive falls into the first."""
    microseconds = min(elapsed_ms, _LARGEST_MS) * 1000
    if not microseconds >= 1:
        return 0
    fraction, exponent = math.frexp(microseconds)
    return (exponent - 1) * STEPS + int((fraction * 2 - 1) * STEPS)


def upper_ms(bucket: int) -> float:
    """The milliseconds at which a bucket ends."""
    exponent, step = divmod(bucket, STEPS)
    return math.ldexp(1 + (step + 1) / STEPS, exponent) / 1000


def percentile_ms(buckets: Mapping[int, int], percent: float) -> float | None:
    """The milliseconds within which this share of the answers came; None without any."""
    total = sum(buckets.values())
    wanted, passed = math.ceil(total * percent / 100), 0
    for bucket in sorted(buckets):
        passed += buckets[bucket]
        if passed >= max(wanted, 1):
            return round(upper_ms(bucket), 3)
    return None
