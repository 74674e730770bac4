from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.reputation.entry import epoch_day
from gateway.reputation.score import HALF_LIFE_DAYS, evidence, score, summarise
from gateway.reputation.sighting import Sighting

DAY = date(2025, 11, 21)
TODAY = epoch_day(DAY)


def complaints(
    count: int, *, days_ago: int = 0, feed: str = "ftc-dnc", weight: float = 1.0
) -> list[Sighting]:
    day = DAY - timedelta(days=days_ago)
    return [
        Sighting(tn="12025550123", day=day, feed=feed, reporter=str(n), weight=weight) for n in range(count)
    ]


def score_of(sightings, today: int = TODAY) -> float:
    return score(summarise(sightings, today=today), today=today)


@pytest.mark.parametrize(("count", "expected"), [(0, 0.0), (1, 0.25), (3, 0.5), (27, 0.9)])
def test_fresh_complaints_score_as_documented(count, expected):
    assert score_of(complaints(count)) == expected


def test_a_complaint_weighs_half_after_the_half_life():
    assert score_of(complaints(2, days_ago=HALF_LIFE_DAYS)) == score_of(complaints(1))


def test_the_same_complaint_twice_counts_once():
    assert score_of(complaints(1) + complaints(1)) == score_of(complaints(1))


def test_feeds_add_up_and_the_heavier_is_named_first():
    entry = summarise(complaints(1, feed="a") + complaints(4, feed="b", weight=0.5), today=TODAY)
    assert score(entry, today=TODAY) == 0.5
    assert [(e.feed, e.complaints, e.weight) for e in evidence(entry, today=TODAY)] == [
        ("b", 4, 2.0),
        ("a", 1, 1.0),
    ]


def test_what_has_expired_is_no_evidence_neither_when_summed_nor_when_read():
    [old] = complaints(1)
    expiring = [Sighting(tn=old.tn, day=DAY, feed="f", expires=DAY)]
    assert summarise(expiring, today=TODAY + 1) is None
    entry = summarise(expiring, today=TODAY)
    assert score(entry, today=TODAY) == 0.25
    assert score(entry, today=TODAY + 1) == 0.0
    assert evidence(entry, today=TODAY + 1) == ()


def test_evidence_reads_as_a_sentence():
    [part] = evidence(summarise(complaints(2) + complaints(1, days_ago=3), today=TODAY), today=TODAY)
    assert part.detail == "ftc-dnc: 3 complaints, 2025-11-18 to 2025-11-21, together weigh 2.81 today"


@given(
    st.lists(st.tuples(st.integers(0, 60), st.sampled_from(["a", "b"]), st.integers(0, 3)), max_size=30),
    st.integers(0, 60),
)
def test_a_score_is_within_bounds_falls_with_time_and_never_jumps_by_one_complaint(seen, later):
    sightings = [
        Sighting(tn="12025550123", day=DAY - timedelta(days=ago), feed=feed, reporter=str(reporter))
        for ago, feed, reporter in seen
    ]
    entry = summarise(sightings, today=TODAY)
    now = score(entry, today=TODAY)
    assert 0 <= now < 1
    assert score(entry, today=TODAY + later) <= now
    one_more = score_of([*sightings, *complaints(1, feed="another")])
    assert now <= one_more <= now + 0.25 + 1e-3


@given(st.integers(0, 50), st.integers(0, 50))
def test_an_entry_stored_earlier_scores_as_one_made_today(ago, stored_ago):
    sightings = complaints(3, days_ago=ago) + complaints(2, days_ago=ago + 7)
    stored = summarise(sightings, today=TODAY - stored_ago)
    assert score(stored, today=TODAY) == pytest.approx(score_of(sightings), abs=1e-4)


def seen_by(reporter, *, days_ago=0, path="", weight=1.0):
    day = DAY - timedelta(days=days_ago)
    return Sighting(tn="12025550123", day=day, feed="reports", reporter=reporter, path=path, weight=weight)


def test_one_reporter_however_loud_counts_once():
    loud = [seen_by("alice", days_ago=ago) for ago in range(60)]
    assert score_of(loud) == score_of([seen_by("alice")]) == 0.25
    assert score_of([*loud, seen_by("bob")]) == 0.4
    assert score_of([seen_by("", days_ago=ago) for ago in range(60)]) == 0.25


def test_unknown_reporters_are_as_many_as_their_complaints():
    assert score_of([seen_by("1", days_ago=0), seen_by("1", days_ago=1), seen_by("2", days_ago=1)]) > 0.45


@given(
    st.lists(st.tuples(st.sampled_from("ab1"), st.integers(0, 40), st.sampled_from([0.2, 1.0])), max_size=12)
)
def test_the_order_of_sightings_does_not_matter_and_more_never_lowers_a_score(seen):
    sightings = [seen_by(reporter, days_ago=ago, weight=weight) for reporter, ago, weight in seen]
    unique = list({each.identity: each for each in sightings}.values())
    assert score_of(unique) == pytest.approx(score_of(unique[::-1]), abs=1e-4)
    assert score_of(unique[1:]) <= score_of(unique) + 1e-4


def test_evidence_from_abroad_counts_for_calls_that_arrive_that_way_alone():
    forged = "international/unsigned"
    entry = summarise([seen_by(str(n), path=forged) for n in range(3)], today=TODAY)
    assert score(entry, today=TODAY, path=forged) == 0.5
    assert score(entry, today=TODAY, path="access/unsigned") == 0.0
    assert evidence(entry, today=TODAY, path="domestic/passed") == ()
    [part] = evidence(entry, today=TODAY, path=forged)
    assert "reports: 3 complaints about calls by international/unsigned, on 2025-11-21" in part.detail


def test_paths_are_kept_apart_and_add_up_where_both_speak():
    mixed = [seen_by("1", path="international/unsigned"), seen_by("2"), seen_by("3", path="domestic/passed")]
    entry = summarise(mixed, today=TODAY)
    assert len(entry.feeds) == 3
    assert score(entry, today=TODAY, path="international/unsigned") == 0.5
    assert score(entry, today=TODAY, path="customer/unsigned") == 0.4
