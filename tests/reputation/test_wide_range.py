from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.numbers.allocations import Allocations, Block, BlockStatus, Holding
from gateway.numbers.ranges import NumberRange
from gateway.reputation.blocks import LEVELS, population_of, rates
from gateway.reputation.neighbourhood import AreaBuilder, NumberDay
from gateway.reputation.wide_range import width_of

TODAY = 20_000
NUMBER = "447700900123"
RANGE = "+447700900000/100000"


def listed(*texts):
    holding = Holding(BlockStatus.ALLOCATED, "Example Tel", "ofcom")
    return Allocations([Block(NumberRange.parse(text), holding) for text in texts])


def area(seen, allocations):
    builder = AreaBuilder(today=TODAY, allocations=allocations)
    for tn, ago in sorted(seen):
        builder.add(NumberDay(tn, TODAY - ago))
    return next(builder.rest())


def rate(seen, allocations, tn=NUMBER, *, later=0):
    around = area(seen, allocations).around(tn) if seen else (None,) * len(LEVELS)
    return rates(around, population_of(tn), today=TODAY + later)[-1]


@pytest.mark.parametrize(
    ("text", "width"),
    [
        (RANGE, 5),
        ("+447700000000/1000000", 6),
        ("+447700900000/10000", None),
        ("+447700000000/10000000", None),
        ("+447700950000/100000", None),
        ("+447700900000/200000", None),
    ],
)
def test_a_range_between_area_and_exchange_has_a_width(text, width):
    assert width_of(NumberRange.parse(text)) == width


def test_a_range_is_what_was_seen_in_its_exchanges():
    seen = [("447700900100", 0), ("447700905000", 0), ("447700950000", 0), ("447701000000", 0)]
    found = area(seen, listed(RANGE)).evidence
    here, there = found["44770090"].given_out, found["44770095"].given_out
    assert here == there
    assert (here.width, here.evidence.numbers, here.evidence.fresh) == (5, 3, 3.0)
    assert here.evidence.fresh_spread == 2.0
    assert found["44770100"].given_out is None


@pytest.mark.parametrize("allocations", [None, Allocations(), listed("+447700900000/10000")])
def test_without_such_a_range_a_block_says_what_it_said(allocations):
    seen = [("447700900100", 0), ("447700950000", 3)]
    assert area(seen, allocations) == area(seen, None)


def test_the_same_provider_s_other_exchanges_count_and_another_s_do_not():
    alone = [("447700900100", 0), ("447700900555", 0)]
    beside = [*alone, *((f"4477009{place}0000", 0) for place in range(1, 10))]
    elsewhere = [*alone, *((f"4477019{place}0000", 0) for place in range(1, 10))]
    ranges = listed(RANGE, "+447701900000/100000")
    assert rate(beside, ranges) > rate(elsewhere, ranges)
    assert rate(beside, ranges) > rate(beside, None)


def test_an_exchange_of_which_nothing_was_seen_gets_nothing_by_its_range():
    seen = [(f"4477009{place}0000", 0) for place in range(1, 10)]
    assert rate(seen, listed(RANGE)) == rate(seen, None)


# Numbers of two ranges and of exchanges outside of any.
numbers = st.builds(
    lambda exchange, line: f"4477{exchange}{line:04d}",
    st.sampled_from(["0090", "0091", "0099", "0190", "0195", "0300"]),
    st.integers(100, 140),
)
seen_lists = st.lists(st.tuples(numbers, st.integers(0, 60)), max_size=20, unique=True)
RANGES = listed(RANGE, "+447701900000/100000")


@given(seen_lists, numbers, st.integers(0, 60), numbers)
def test_more_evidence_never_lowers_a_rate(seen, more, ago, asked):
    assert rate([*seen, (more, ago)], RANGES, asked) >= rate(seen, RANGES, asked) * (1 - 1e-9)


@given(seen_lists, numbers, st.integers(0, 200), st.integers(0, 200))
def test_time_alone_never_raises_a_rate(seen, asked, sooner, later):
    first, second = sorted((sooner, later))
    assert rate(seen, RANGES, asked, later=second) <= rate(seen, RANGES, asked, later=first) * (1 + 1e-9)
