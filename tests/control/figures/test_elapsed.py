from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from gateway.control.figures.elapsed import bucket_of, percentile_ms, upper_ms

_MS = st.floats(min_value=0.001, max_value=3_600_000.0)


@given(_MS)
def test_a_bucket_ends_at_most_a_sixteenth_above_what_falls_into_it(elapsed_ms):
    upper = upper_ms(bucket_of(elapsed_ms))
    assert elapsed_ms <= upper * (1 + 1e-9)
    assert upper <= elapsed_ms * (1 + 1 / 16) * (1 + 1e-9)


@given(st.lists(_MS, min_size=1, max_size=200), st.sampled_from([1, 50, 90, 99, 100]))
def test_a_percentile_is_that_of_the_sorted_values_to_a_sixteenth(values, percent):
    buckets: dict[int, int] = {}
    for value in values:
        buckets[bucket_of(value)] = buckets.get(bucket_of(value), 0) + 1
    exact = sorted(values)[max(math.ceil(len(values) * percent / 100), 1) - 1]
    found = percentile_ms(buckets, percent)
    assert found is not None
    assert exact - 0.001 <= found <= exact * (1 + 1 / 16) + 0.001


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_whatever_a_clock_makes_of_it_has_a_bucket(elapsed_ms):
    assert 0 <= bucket_of(elapsed_ms) < 1000


def test_nothing_has_no_percentile():
    assert percentile_ms({}, 99) is None
