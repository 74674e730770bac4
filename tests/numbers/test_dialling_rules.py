"""Dialling rules made anew in each test: what they are made with decides, and edges are where they say."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.numbers.canonical import (
    MAX_DIALLED,
    MAX_TEXT,
    DiallingRules,
    NumberError,
    TelephoneNumber,
    canonical,
    is_international,
    to_e164,
)


def rules(name: str) -> DiallingRules:
    """Made at each call: rules kept from an earlier test would hide a mistake in making them."""
    return {
        "british": DiallingRules,
        "american": lambda: DiallingRules(
            country_code="1",
            international_prefix="011",
            trunk_prefix="1",
            national_lengths=frozenset({10}),
        ),
        "ported": lambda: DiallingRules(
            service_numbers=frozenset({"999", "112"}), portability_prefixes=("60", "600")
        ),
        "plain": lambda: DiallingRules(international_prefix="", trunk_prefix=""),
    }[name]()


NAMES = ("british", "american", "ported", "plain")


@given(st.sampled_from(NAMES), st.from_regex(r"\+?[0-9]{2,17}", fullmatch=True))
def test_a_separator_never_makes_another_number(name: str, text: str):
    # With a separator in it no number is plain: it is read step by step.
    step_by_step = text[:-1] + "." + text[-1]
    try:
        expected = canonical(step_by_step, rules(name))
    except NumberError as error:
        with pytest.raises(NumberError, match=re.escape(error.problem)):
            canonical(text, rules(name))
    else:
        assert canonical(text, rules(name)) == expected


@pytest.mark.parametrize(
    ("name", "text", "tn"),
    [
        ("british", "+442079460123", "442079460123"),
        ("british", "442079460123", "442079460123"),
        ("british", "02079460123", "442079460123"),
        ("british", "+44(0)2079460123", "442079460123"),
        ("british", "0044-(0)20.7946.0123", "442079460123"),
        ("british", "*21", "*21"),
        ("british", "#31#", "#31#"),
        ("american", "2155550123", "12155550123"),
        ("american", "12155550123", "12155550123"),
        ("american", "011442079460123", "442079460123"),
        ("ported", "+446002079460123", "442079460123"),
        ("ported", "+44602079460123", "442079460123"),
        ("ported", "+44999", "999"),
        ("ported", "+999", "999"),
        ("plain", "+44(0)2079460123", "4402079460123"),
        ("plain", "123456", "123456"),
        ("plain", "1234567", "1234567"),
    ],
)
def test_a_number_is_read_by_the_rules_of_its_trunk(name: str, text: str, tn: str):
    assert canonical(text, rules(name)) == tn
    assert canonical(to_e164(TelephoneNumber(tn)), rules(name)) == tn


def test_a_trunk_prefix_that_is_the_country_code_is_none():
    assert rules("american").trunk_prefix == ""
    assert rules("british").trunk_prefix == "0"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"country_code": "044"}, "country_code"),
        ({"international_prefix": "0x"}, "^international_prefix"),
        ({"trunk_prefix": "+"}, "^trunk_prefix"),
        ({"service_numbers": frozenset({"1234567"})}, "service_numbers"),
        ({"portability_prefixes": ("",)}, "portability_prefixes"),
        ({"national_lengths": frozenset({0})}, "between 1 and 14$"),
        ({"national_lengths": frozenset({15})}, "between 1 and 14$"),
    ],
)
def test_rules_that_cannot_be_are_refused_by_name(wrong: dict[str, object], words: str):
    with pytest.raises(ValueError, match=words):
        DiallingRules(**wrong)  # type: ignore[arg-type]


def test_rules_at_their_edges_are_taken():
    made = DiallingRules(
        service_numbers=frozenset({"1", "123456"}),
        portability_prefixes=("6",),
        national_lengths=frozenset({1, 14}),
    )
    assert made.service_numbers == {"1", "123456"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        (";ext=1", "empty"),
        ("+", "empty"),
        ("+0123456789", "no country code begins with 0"),
        ("+1234567890123456", "at most 15 digits"),
        ("+123456", "at least 7 digits"),
        ("4+4", "a \\+ stands only at the beginning"),
        ("44 207", "does not contain ' '"),
        ("442079460123;", "not a list"),
        ("*" * (MAX_DIALLED + 1), f"at most {MAX_DIALLED} characters"),
        ("4" * (MAX_TEXT + 1), f"longer than {MAX_TEXT} characters"),
    ],
)
def test_what_is_no_number_is_refused_in_words(text: str, words: str):
    with pytest.raises(NumberError, match=words) as caught:
        canonical(text, rules("plain"))
    assert re.search(words, caught.value.problem)


def test_a_number_at_its_longest_and_shortest_is_taken():
    assert canonical("+123456789012345", rules("plain")) == "123456789012345"
    assert canonical("+1.2345.6789.0123.45", rules("plain")) == "123456789012345"
    assert canonical("*" * MAX_DIALLED, rules("plain")) == "*" * MAX_DIALLED
    longest = "442079460123;a=" + "b" * (MAX_TEXT - 15)
    assert len(longest) == MAX_TEXT
    assert canonical(longest, rules("plain")) == "442079460123"
    assert is_international(TelephoneNumber("1234567"))
    assert not is_international(TelephoneNumber("123456"))
    assert to_e164(TelephoneNumber("1234567")) == "+1234567"
    assert to_e164(TelephoneNumber("*234567")) == "*234567"
