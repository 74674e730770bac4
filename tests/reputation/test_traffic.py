"""What the shape of calls shows, and what it does not."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.reputation.traffic import (
    Shape,
    TrafficLimits,
    at_least,
    is_mostly_short,
    is_one_ring,
    is_short,
    one_ring,
    sequential,
    short_calls,
)

LIMITS = TrafficLimits()


def signs(shape: Shape) -> dict[str, str]:
    found = {sign.__name__: sign(shape, LIMITS) for sign in (short_calls, one_ring, sequential)}
    return {name: words for name, words in found.items() if words is not None}


@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_a_share_is_never_put_higher_than_it_was(part, more):
    whole = part + more
    assert 0.0 <= at_least(part, whole) <= (part / whole if whole else 0.0) + 1e-9


@given(st.integers(1, 1000))
def test_the_same_share_of_more_calls_says_more(whole):
    assert at_least(9 * whole, 10 * whole) <= at_least(90 * whole, 100 * whole)


def test_nine_of_ten_say_little_and_ninety_of_a_hundred_much():
    assert at_least(9, 10) < 0.6
    assert at_least(90, 100) > 0.8


def test_many_called_and_hardly_an_answer():
    shape = Shape(calls=60, fresh=60, ended=50, short=48)
    assert set(signs(shape)) == {"short_calls"}
    assert "48 of 50 calls" in signs(shape)["short_calls"]


def test_a_bank_that_reaches_every_second_customer_shows_nothing():
    shape = Shape(calls=500, fresh=450, ended=480, short=290, one_ring=20, sequential=5)
    assert signs(shape) == {}
    assert not is_mostly_short(shape, LIMITS)


def test_one_who_calls_one_friend_who_does_not_answer_shows_nothing():
    assert signs(Shape(calls=60, fresh=1, ended=60, short=60)) == {}


def test_one_ring_and_gone_with_those_who_called_back():
    shape = Shape(calls=40, fresh=40, ended=40, short=40, one_ring=38, called_back=3)
    found = signs(shape)
    assert set(found) == {"short_calls", "one_ring"}
    assert found["one_ring"].endswith("38 of 40 calls in 10 minutes given up within 6 s, 3 called back")


def test_numbers_called_in_order_show_it_before_any_call_has_ended():
    assert set(signs(Shape(calls=25, fresh=25, sequential=20))) == {"sequential"}
    assert signs(Shape(calls=19, fresh=19, sequential=19)) == {}


def test_how_one_call_counts():
    assert is_short(answered=False, duration_seconds=30)
    assert is_short(answered=True, duration_seconds=3)
    assert not is_short(answered=True, duration_seconds=10)
    assert is_one_ring(answered=False, duration_seconds=3, cause=16)
    assert is_one_ring(answered=False, duration_seconds=3, cause=None)
    assert not is_one_ring(answered=False, duration_seconds=1, cause=17)  # busy
    assert not is_one_ring(answered=False, duration_seconds=20, cause=16)
