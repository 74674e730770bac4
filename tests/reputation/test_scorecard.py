"""What a provider's word is worth."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.reputation.scorecard import DOUBTED, Scorecard, weight_of


def card(**how) -> Scorecard:
    usual = {"provider": "1234", "calls": 0, "attested_a": 0, "failures": 0, "skew_seconds": 0.0,
             "worst_skew_seconds": 0.0, "complaints": 0}  # fmt: skip
    return Scorecard(**(usual | how))


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_a_weight_lies_between_nothing_and_everything(calls, complaints):
    assert 0 < weight_of(calls=calls, complaints=complaints) <= 1


def test_one_complaint_takes_no_new_provider_its_word():
    assert weight_of(calls=1, complaints=0) == 1.0
    assert weight_of(calls=100, complaints=1) > DOUBTED


def test_a_provider_complained_of_in_a_call_of_twenty_is_doubted():
    assert weight_of(calls=1000, complaints=50) < DOUBTED
    assert weight_of(calls=100_000, complaints=100) > 0.9


def test_headers_that_fail_lower_the_pass_rate_and_weigh_nothing():
    forged = card(calls=100, failures=900)
    assert (forged.pass_rate, forged.weight) == (0.1, 1.0)
    assert card().pass_rate == 1.0
    assert card(calls=200, complaints=3).complaint_share == 0.015
