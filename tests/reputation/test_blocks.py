from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.reputation.blocks import (
    BLOCKS,
    FREEPHONE,
    LEVELS,
    ORDINARY,
    block_of,
    has_blocks,
    population_of,
    rates,
    score_of_rate,
)
from gateway.reputation.foresight import NOWHERE, Foresight
from gateway.reputation.neighbourhood import AreaBuilder, NumberDay, area_of
from gateway.verdicts.policy import NeighbourPolicy

TODAY = 20_000
NUMBER = "442079460123"


def foreseen(seen, asked=(NUMBER,), *, today=TODAY):
    """The rates of `asked` by (number, days ago) or (number, days ago, weight)."""
    foresight = Foresight(asked, today=today)
    for tn, ago, *weight in sorted(seen):
        foresight.add(NumberDay(tn, TODAY - ago, *weight))
    foresight.finish()
    return list(foresight.rates)


def rate(seen, tn=NUMBER, *, today=TODAY):
    return foreseen(seen, (tn,), today=today)[0]


# Numbers of two areas, dense enough that blocks at every level are shared.
numbers = st.builds(
    lambda exchange, line: f"4420{exchange}{line:04d}",
    st.sampled_from(["7946", "7947", "8100"]),
    st.one_of(st.integers(100, 135), st.integers(0, 9999)),
)
weighed_lists = st.lists(
    st.tuples(numbers, st.integers(0, 60), st.floats(1e-4, 40)), max_size=25, unique_by=lambda each: each[:2]
)
seen_lists = st.lists(st.tuples(numbers, st.integers(0, 60)), max_size=25, unique=True)


def test_levels_are_named_by_the_digits_they_are_without():
    assert [block_of(NUMBER, level) for level in LEVELS] == [
        "44207", "44207946", "442079460", "4420794601", "44207946012", "442079460123",
    ]  # fmt: skip
    assert [has_blocks(tn) for tn in ("999", "*123#", "12025550123", "442079460123")] == [
        False,
        False,
        True,
        True,
    ]


def test_freephone_numbers_are_a_population_of_their_own():
    assert population_of("18005550123") is FREEPHONE
    assert population_of("448081570123") is FREEPHONE
    assert population_of("12025550123") is ORDINARY
    assert population_of("41441234567") is ORDINARY


@given(
    st.one_of(seen_lists, weighed_lists), numbers, st.tuples(numbers, st.integers(0, 60), st.floats(1e-4, 40))
)
def test_more_evidence_never_lowers_a_rate(seen, asked, more):
    assert rate([*seen, more], asked) >= rate(seen, asked) * (1 - 1e-9)


@given(seen_lists, numbers, st.integers(0, 90), st.integers(0, 90))
def test_a_rate_never_rises_with_time_alone(seen, asked, sooner, later):
    first, second = sorted((sooner, later))
    assert rate(seen, asked, today=TODAY + second) <= rate(seen, asked, today=TODAY + first) * (1 + 1e-9)


@given(seen_lists, numbers)
def test_evidence_stored_earlier_gives_the_rate_of_evidence_made_today(seen, asked):
    builder = AreaBuilder(today=TODAY)
    areas = [area for each in sorted(seen) if (area := builder.add(NumberDay(each[0], TODAY - each[1])))]
    areas += builder.rest()
    here = [area for area in areas if (area.length, area.digits) == area_of(asked)]
    around = here[0].around(asked) if here else (None,) * len(LEVELS)
    later = rates(around, population_of(asked), today=TODAY + 7)[-1]
    assert later == pytest.approx(rate(seen, asked, today=TODAY + 7))


@settings(max_examples=30)
@given(seen_lists, st.randoms(use_true_random=False))
def test_the_order_of_days_does_not_matter(seen, shuffle):
    asked = tuple({tn for tn, _ in seen}) or (NUMBER,)
    by_number = sorted(seen, key=lambda each: each[0])
    foresight = Foresight(asked, today=TODAY)
    groups = [[each for each in by_number if each[0] == tn] for tn in sorted({tn for tn, _ in seen})]
    for group in groups:
        shuffle.shuffle(group)
        for tn, ago in group:
            foresight.add(NumberDay(tn, TODAY - ago))
    foresight.finish()
    assert list(foresight.rates) == pytest.approx(foreseen(seen, asked))


@given(st.one_of(seen_lists, weighed_lists).filter(bool), st.data())
def test_no_neighbour_is_ever_rated_above_the_number_that_was_seen_there_last(seen, data):
    """What is said of a block is never stronger for a stranger in it than for a number seen in it."""
    tn, *_ = data.draw(st.sampled_from(seen))
    neighbour = data.draw(
        st.sampled_from(
            [f"{tn[:-1]}{digit}" for digit in range(10)] + [f"{tn[:-2]}{n:02d}" for n in range(100)]
        )
    )
    if all(neighbour != each for each, *_ in seen):
        assert rate(seen, neighbour) <= rate(seen, tn) * (1 + 1e-9)


def test_one_number_however_loud_says_nothing_of_its_ten_its_hundred_or_its_thousand():
    loud = [(NUMBER, ago, 1000.0) for ago in range(30)]
    near, in_exchange = foreseen(loud, ("442079460129", "442079465555"))
    assert near == in_exchange


@given(weighed_lists, numbers, st.floats(0.01, 1))
def test_what_is_believed_less_says_less_of_the_neighbours(seen, asked, belief):
    less = [(tn, ago, weight * belief) for tn, ago, weight in seen]
    assert rate(less, asked) <= rate(seen, asked) * (1 + 1e-9)


def test_hardly_believed_complaints_about_nine_of_a_ten_do_not_label_the_tenth():
    nine = [f"44207946012{digit}" for digit in range(10) if digit != 3]
    whole, hardly = (rate([(tn, 0, weight) for tn in nine]) for weight in (1.0, 0.02))
    assert score_of_rate(hardly) < NeighbourPolicy().label_at < score_of_rate(whole)


def test_evidence_that_is_spread_over_the_outer_block_reaches_the_unseen_parts_of_it():
    packed = [(f"44207946{line:04d}", 1) for line in range(100, 120)]
    spread = [(f"44207946{line * 500:04d}", 1) for line in range(20)]
    assert rate(spread, "442079469999") > rate(packed, "442079469999")


@pytest.mark.parametrize(("gap", "is_labelled"), [(300, True), (500, False), (5000, False)])
def test_a_feed_spread_evenly_over_an_area_labels_the_rest_of_it_only_where_it_names_very_many(
    gap, is_labelled
):
    spread = [(str(number), 1) for number in range(12020000013, 12030000000, gap)]
    assert (score_of_rate(rate(spread, "12025550057")) >= NeighbourPolicy().label_at) is is_labelled


def test_a_narrower_block_with_evidence_of_its_own_says_more():
    seen = [(f"44207946{line:04d}", 1) for line in (120, 121, 122, 124, 125)]
    asked = ("442079460123", "442079460155", "442079460555", "442079465555", "442071234567", "441614960000")
    found = foreseen(seen, asked)
    assert found == sorted(found, reverse=True)
    assert len(set(found)) == len(found)


def test_numbers_of_another_length_are_no_neighbours():
    seen = [(f"4420794601{line:02d}", 1) for line in range(20)]
    assert rate(seen, "44207946012") == rate([], "44207946012")


def test_the_narrowest_level_that_knows_is_told():
    foresight = Foresight((NUMBER, "442079460129", "442079469999", "449999999999", "999"), today=TODAY)
    for tn in sorted((NUMBER, "442079460124")):
        foresight.add(NumberDay(tn, TODAY))
    foresight.finish()
    names = [None if place == NOWHERE else LEVELS[place].value for place in foresight.narrowest]
    assert names == ["number", "ten", "exchange", None, None]
    assert foresight.rates[-1] == 0.0
    assert foresight.done == 5


def test_a_rate_without_its_inner_levels_is_the_block_s_own():
    assert len(rates((None,) * len(BLOCKS), ORDINARY, today=TODAY)) == len(BLOCKS)


@given(st.floats(0, 1e6), st.floats(0, 1e6))
def test_a_score_lies_between_0_and_1_and_rises_with_the_rate(one, other):
    low, high = sorted((one, other))
    assert 0 <= score_of_rate(low) <= score_of_rate(high) <= 1


def test_memory_of_areas_passed_is_given_up():
    source = random.Random(1)
    foresight = Foresight((NUMBER,), today=TODAY)
    for tn in sorted(f"44{source.randrange(10**10):010d}" for _ in range(2000)):
        foresight.add(NumberDay(tn, TODAY))
    assert len(foresight._builder._open) == 1
