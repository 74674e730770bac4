from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from gateway.reputation.precision import (
    FEED_PRIOR,
    LEAST_WEIGHT,
    REPORTER_PRIOR,
    Named,
    Source,
    is_corroborated,
    weigh,
)
from gateway.reputation.sighting import Sighting

COUNTS = st.integers(0, 10**7)
REPORTERS = st.sampled_from(["", "help-desk"])
DAY = date(2026, 11, 20)
DAYS = st.integers(0, 30).map(lambda days: DAY + timedelta(days=days))


@given(REPORTERS, COUNTS, COUNTS)
def test_a_weight_is_above_nothing_and_never_above_one(reporter, corroborated, contradicted):
    assert LEAST_WEIGHT <= Source("f", reporter, corroborated, contradicted).weight <= 1


@given(REPORTERS, COUNTS, COUNTS, st.integers(1, 1000))
def test_corroboration_never_lowers_a_weight_and_contradiction_never_raises_it(
    reporter, corroborated, contradicted, more
):
    weight = Source("f", reporter, corroborated, contradicted).weight
    assert Source("f", reporter, corroborated + more, contradicted).weight >= weight
    assert Source("f", reporter, corroborated, contradicted + more).weight <= weight


@given(REPORTERS, COUNTS)
def test_a_source_that_nobody_contradicted_weighs_one(reporter, corroborated):
    assert Source("f", reporter, corroborated, 0).weight == 1


def test_few_answers_move_a_feed_little_and_a_reporter_more():
    assert Source("f", "", 0, 1).weight > 0.99
    assert Source("f", "help-desk", 0, 1).weight > 0.8
    assert Source("f", "", 0, FEED_PRIOR).weight == Source("f", "r", 0, REPORTER_PRIOR).weight == 0.5


@given(st.lists(st.tuples(DAYS, DAYS), max_size=9), st.text(max_size=3))
def test_nobody_corroborates_itself_under_whatever_names(days, reporter):
    own = [Named("f", f"{reporter}{place}", min(each), max(each)) for place, each in enumerate(days)]
    assert not any(is_corroborated(each, own) for each in own)


def test_who_names_what_others_named_before_earns_nothing():
    first, copy = Named("f", "", DAY, DAY), Named("g", "", DAY + timedelta(days=1), DAY + timedelta(days=1))
    assert is_corroborated(first, [first, copy])
    assert not is_corroborated(copy, [first, copy])


@given(st.lists(st.tuples(st.sampled_from("fg"), st.sampled_from(["", "a", "7"]), st.floats(0.01, 1))))
def test_a_source_only_ever_makes_a_sighting_lighter(seen):
    sightings = [
        Sighting(tn="12025550123", day=DAY, feed=feed, reporter=reporter, weight=weight)
        for feed, reporter, weight in seen
    ]
    assert weigh(sightings, {}) == sightings
    for each, before in zip(weigh(sightings, {("f", ""): 0.5, ("f", "a"): 0.1}), sightings, strict=True):
        share = {"g": 1.0, "f": 0.05 if before.reporter == "a" else 0.5}[before.feed]
        assert abs(each.weight - before.weight * share) < 1e-12
        assert each.identity == before.identity


def test_a_copy_is_not_lifted_by_whoever_repeats_it_later():
    first, copy = Named("f", "", DAY, DAY), Named("g", "", DAY + timedelta(days=1), DAY + timedelta(days=1))
    again = Named("f", "x", DAY, DAY + timedelta(days=9))
    third = Named("h", "", DAY + timedelta(days=5), DAY + timedelta(days=5))
    assert not is_corroborated(copy, [first, copy, again, third])
    assert is_corroborated(first, [first, copy, again, third])


def test_two_that_name_a_number_on_one_day_are_both_first():
    one, other = Named("f", "", DAY, DAY), Named("g", "", DAY, DAY + timedelta(days=1))
    assert is_corroborated(one, [one, other])
    assert not is_corroborated(other, [one, other])
