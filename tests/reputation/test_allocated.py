from __future__ import annotations

import pytest

from gateway.numbers.allocations import Allocations, Block, BlockStatus, Holding
from gateway.numbers.ranges import NumberRange
from gateway.reputation.allocated import allocated
from gateway.reputation.blocks import Level
from gateway.reputation.neighbourhood import AreaBuilder, NumberDay

TODAY = 20_000
MOBILE = "447700900123"


def listed(text, status=BlockStatus.ALLOCATED):
    return Allocations([Block(NumberRange.parse(text), Holding(status, "Example Tel", "ofcom"))])


def area(*numbers):
    builder = AreaBuilder(today=TODAY)
    for tn in sorted(numbers):
        builder.add(NumberDay(tn, TODAY))
    return next(builder.rest())


def test_what_was_seen_in_a_range_between_area_and_exchange_is_told():
    seen = area("447700900100", "447700955000", "447700999999", "447701000000", "447699999999")
    found = allocated(MOBILE, seen, listed("+447700900000/100000"))
    assert (found.seen, found.level) == (3, None)
    assert found.detail == (
        "given out by ofcom to Example Tel: +447700900000 to +447700999999, 100,000 numbers, 3 seen; "
        "a level between its area and its exchange, where something was seen of the exchange"
    )


def test_a_range_that_is_no_level_is_said_to_weigh_nothing():
    found = allocated(MOBILE, area(MOBILE), listed("+447700900000/2000"))
    assert found.detail.endswith("2,000 numbers, 1 seen; no level, so it weighs nothing")


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("+447700900000/10000", Level.EXCHANGE),
        ("+447700900000/1000", Level.THOUSAND),
        ("+447700900100/100", Level.HUNDRED),
        ("+447700900120/10", Level.TEN),
        ("+447700900050/100", None),
        ("+447700900000/2000", None),
        ("+447700900123", None),
    ],
)
def test_a_range_as_large_as_a_level_is_that_level(text, level):
    found = allocated(MOBILE, area(MOBILE), listed(text))
    assert (found.level, found.seen) == (level, 1)


def test_where_nothing_was_seen_the_range_is_told_all_the_same():
    assert allocated(MOBILE, None, listed("+447700900000/10000")).seen == 0


@pytest.mark.parametrize(
    "allocations",
    [
        Allocations(),
        listed("+447700800000/10000"),
        listed("+447700900000/10000", BlockStatus.FREE),
        listed("+447700000000/20000000"),
    ],
)
def test_where_no_list_gives_a_range_within_the_area_nothing_is_told(allocations):
    assert allocated(MOBILE, area(MOBILE), allocations) is None
