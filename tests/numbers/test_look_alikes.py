"""Numbers that are one digit off a protected one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.numbers import look_alikes
from gateway.numbers.canonical import TelephoneNumber
from gateway.numbers.look_alikes import LookAlikes
from gateway.numbers.ranges import NumberRange

BANK = NumberRange(TelephoneNumber("442079460123"))
KNOWN = LookAlikes([(BANK, "Example Bank")])


@pytest.mark.parametrize(
    "tn", ["442079460124", "442079460023", "442079410123", "443079460123", "449079460123"]
)
def test_one_digit_off_resembles(tn):
    assert KNOWN.resembles(TelephoneNumber(tn)) == "Example Bank"


@pytest.mark.parametrize(
    "tn", ["442079460134", "452079460123", "44207946012", "4420794601234", "12125550123", "", "*67", "999"]
)
def test_two_digits_off_another_length_or_another_country_does_not(tn):
    assert KNOWN.resembles(TelephoneNumber(tn)) is None


@given(st.integers(0, 9), st.integers(2, 11))
def test_any_one_digit_may_be_off(digit, at):
    tn = BANK.start[:at] + str(digit) + BANK.start[at + 1 :]
    assert KNOWN.resembles(TelephoneNumber(tn)) == "Example Bank"


def test_long_ranges_and_short_codes_have_no_look_alikes():
    assert len(LookAlikes([(NumberRange(TelephoneNumber("442079460000"), 101), "x")])) == 0
    assert len(LookAlikes([(NumberRange(TelephoneNumber("101")), "x")])) == 0


def test_how_many_are_known_is_bounded(monkeypatch):
    monkeypatch.setattr(look_alikes, "MOST_NUMBERS", 2)
    numbers = [(NumberRange(TelephoneNumber(f"44207946{tail:04}")), str(tail)) for tail in (1111, 2222, 3333)]
    known = LookAlikes(numbers)
    assert known.resembles(TelephoneNumber("442079462223")) == "2222"
    assert known.resembles(TelephoneNumber("442079463334")) is None


def test_without_protected_numbers_and_for_what_is_no_number_nothing_resembles():
    assert LookAlikes().resembles(BANK.start) is None
    assert KNOWN.resembles(TelephoneNumber("4" * 16)) is None
