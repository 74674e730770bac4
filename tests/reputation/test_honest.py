from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.reputation.blocks import Level, block_of
from gateway.reputation.honest import Beside, Honest, mean_honest, treated
from gateway.reputation.recall import BLOCKS, BUDGETS, EXACT, PLAIN, evaluate_day

TODAY = 20_000
SAMPLE = [f"1{area}5550{line:03d}" for area in range(210, 310) for line in range(100)]
"""Ten thousand numbers, of which none is in the block that is complained of."""
CLINIC = "12014445999"
FAR_AWAY = "17085550100"


def effect_of(score):
    return "block" if score >= 0.9 else "label" if score >= 0.5 else "none"


def evaluate(history, *numbers, sample=SAMPLE):
    honest = Honest(numbers, by_blocks=effect_of, by_number=effect_of)
    return evaluate_day(history, ["12014445000"], sample, day=TODAY, honest=honest).honest


def around(*lines, weight=1.0):
    return {(f"1201444{line:04d}", TODAY - 1): weight for line in lines}


def test_honest_numbers_are_flagged_by_the_thresholds_of_random_ones():
    found = evaluate(around(*range(5000, 5040)), CLINIC, FAR_AWAY)
    at = BUDGETS.index(0.002)
    assert found.numbers == 2
    assert {rule: found.flagged[rule][at] for rule in found.flagged} == {
        EXACT: Beside(0.0, 0.0),
        PLAIN: Beside(0.5, 0.0),
        BLOCKS: Beside(0.5, 0.0),
    }
    assert found.by_blocks == {"label": Beside(0.5, 0.0)}
    assert found.by_number == {}


def test_chance_is_what_befalls_random_numbers():
    history = {(tn, TODAY - 1): 1.0 for tn in SAMPLE if block_of(tn, Level.AREA) == "1210"}
    found = evaluate(history, *SAMPLE)
    assert all(each.honest == each.random for shares in found.flagged.values() for each in shares)
    assert [each.random for each in found.flagged[EXACT]] == [0.0, 0.0, 0.0, 0.0, 0.0, 0.01]
    assert all(each.honest == each.random for each in found.by_blocks.values())


def test_complaints_about_the_number_itself_are_told_apart_from_those_about_its_blocks():
    """A loud complaint about a number alone is nothing for its blocks to hold against it."""
    found = evaluate(around(5999, weight=200.0), CLINIC)
    assert found.by_blocks == {}
    assert found.by_number == {"block": Beside(1.0, 0.0)}
    assert found.flagged[EXACT][0] == Beside(1.0, 0.0)


def test_an_empty_set_of_honest_numbers_is_an_error():
    with pytest.raises(ValueError, match="an evaluation needs"):
        evaluate(around(5000))


@pytest.mark.parametrize(
    ("shares", "numbers", "words"),
    [
        (Beside(0.0, 0.0), 1, "no more often than chance"),
        (Beside(0.002, 0.002), 500, "no more often than chance"),
        (Beside(0.01, 0.004), 100, "2.5 times, which 100 numbers cannot tell from chance"),
        (Beside(0.01, 0.002), 100_000, "more often than chance: 5.0 times"),
        (Beside(0.5, 0.0), 2000, "more often than chance: of the random ones none"),
    ],
)
def test_a_share_is_told_beside_chance(shares, numbers, words):
    assert shares.words(numbers) == words
    assert shares.is_chance(numbers) is not words.startswith("more")


@given(st.integers(1, 10_000), st.data())
def test_none_of_the_honest_ones_is_never_more_than_chance(numbers, data):
    share = data.draw(st.floats(0, 1))
    assert Beside(0.0, share).is_chance(numbers)
    assert Beside(share, share).is_chance(numbers)


def test_shares_by_effect_add_up_to_those_that_have_any():
    assert treated([0.6, 0.6, 0.95, 0.1], [0.1, 0.6], effect_of) == {
        "block": Beside(0.25, 0.0),
        "label": Beside(0.5, 0.5),
    }


def test_the_mean_counts_each_day_the_same_and_the_numbers_once():
    quiet = evaluate(around(5000), CLINIC)
    loud = evaluate(around(*range(5000, 5040)), CLINIC)
    mean = mean_honest([quiet, loud])
    assert mean.numbers == 1
    assert mean.by_blocks == {"label": Beside(0.5, 0.0)}
    assert mean.flagged[PLAIN][0] == Beside(1.0, 0.0)
