"""What thresholds and packs mean."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.verdicts.policy import CountryPack, Effect, Redress, ReputationPolicy

ALL = ReputationPolicy(label_at=0.5, challenge_at=0.7, block_at=0.9)


@pytest.mark.parametrize(
    ("score", "effect"),
    [
        (0.0, Effect.NONE),
        (0.4999, Effect.NONE),
        (0.5, Effect.LABEL),
        (0.6999, Effect.LABEL),
        (0.7, Effect.CHALLENGE),
        (0.8999, Effect.CHALLENGE),
        (0.9, Effect.BLOCK),
        (1.0, Effect.BLOCK),
    ],
)
def test_a_threshold_is_reached_by_being_equal(score, effect):
    assert ALL.effect_of(score) is effect


def test_a_threshold_that_is_none_is_never_reached():
    assert ReputationPolicy(None, None, None).effect_of(1.0) is Effect.NONE
    assert ReputationPolicy(0.5, None, None).effect_of(1.0) is Effect.LABEL


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_higher_score_is_never_treated_more_mildly(one, other):
    low, high = sorted((one, other))
    assert ALL.effect_of(low).severity <= ALL.effect_of(high).severity


def test_effects_are_ordered_from_nothing_to_block():
    order = [Effect.NONE, Effect.LABEL, Effect.CHALLENGE, Effect.BLOCK]
    assert [effect.severity for effect in order] == [0, 1, 2, 3]


def test_a_pack_names_the_numbers_that_are_at_home():
    assert (CountryPack.UK.country_code, CountryPack.NANP.country_code) == ("44", "1")


def test_any_contact_is_a_redress():
    assert not Redress()
    assert Redress(url="https://example.org")
    assert Redress(tel="+442079460123")
    assert Redress(email="a@example.org")
