from __future__ import annotations

import pytest

from gateway.reputation.blocks import Level
from gateway.reputation.recall import (
    BLOCKS,
    BUDGETS,
    EXACT,
    PLAIN,
    evaluate_day,
    mean_decided_by,
    mean_recall,
)

TODAY = 20_000
SAMPLE = [f"1{area}5550{line:03d}" for area in range(210, 310) for line in range(100)]
"""Ten thousand numbers, of which none is in the block that is complained of."""


def history(*lines, ago=1):
    return {(f"1201444{line:04d}", TODAY - ago): 1.0 for line in lines}


def test_a_number_seen_before_is_foreseen_by_all_rules_and_its_neighbour_by_those_that_know_blocks():
    result = evaluate_day(history(5000, 5111, 5222), ["12014445000", "12014445999"], SAMPLE, day=TODAY)
    at = BUDGETS.index(0.002)
    assert {rule: result.recall[rule].of_all[at] for rule in result.recall} == {
        EXACT: 0.5,
        PLAIN: 1.0,
        BLOCKS: 1.0,
    }
    assert {rule: result.recall[rule].of_never_seen[at] for rule in result.recall} == {
        EXACT: 0.0, PLAIN: 1.0, BLOCKS: 1.0,
    }  # fmt: skip
    assert (result.gap_days, result.numbers_known, result.complaints, result.never_seen) == (1, 3, 2, 1)
    assert result.decided_by[Level.NUMBER] == 0.5
    assert result.decided_by[Level.THOUSAND] == 0.5


def test_a_budget_is_never_passed_even_where_scores_are_equal():
    """A block that holds one in a hundred of the sample cannot be flagged at 0.5 %, only at 1 %."""
    sample = [f"1201444{line:04d}" for line in range(5000, 5100)] + SAMPLE[:9900]
    result = evaluate_day(history(5000), ["12014445999"], sample, day=TODAY)
    assert result.recall[PLAIN].of_all == (0.0, 0.0, 0.0, 0.0, 0.0, 1.0)


def test_complaints_nobody_could_foresee_count_as_missed():
    result = evaluate_day(history(5000, ago=30), ["19995550123"] * 3, SAMPLE, day=TODAY)
    assert result.gap_days == 30
    assert all(value == 0 for rule in (EXACT, PLAIN) for value in result.recall[rule].of_all)


def test_means_count_each_day_the_same():
    days = [
        evaluate_day(history(5000), complaints, SAMPLE, day=TODAY)
        for complaints in (["12014445000"], ["12014445000", "19995550123", "19995550124", "19995550125"])
    ]
    assert mean_recall(days, EXACT).of_all == pytest.approx([0.625] * len(BUDGETS))
    assert sum(mean_decided_by(days).values()) == pytest.approx(1)


@pytest.mark.parametrize("missing", range(3))
def test_nothing_to_learn_from_to_test_or_to_compare_with_is_an_error(missing):
    given = [history(5000), ["12014445000"], SAMPLE]
    given[missing] = type(given[missing])()
    with pytest.raises(ValueError, match="an evaluation needs"):
        evaluate_day(*given, day=TODAY)
