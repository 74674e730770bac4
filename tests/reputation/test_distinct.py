from __future__ import annotations

import pytest

from gateway.reputation.distinct import Distinct


@pytest.mark.parametrize("different", [0, 1, 100, 50_000])
def test_repeats_count_once_and_the_count_is_near(different):
    distinct = Distinct()
    for number in (*range(different), *range(different)):
        distinct.add(f"1202{number:07d}")
    assert distinct.count() == pytest.approx(different, rel=0.005, abs=0.5)
