"""Whom a certificate speaks for: providers, and delegates with their numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.certificates.authority import Authority, NumberSet
from gateway.certificates.tnauthlist import TnAuthList
from gateway.numbers.canonical import TelephoneNumber
from gateway.numbers.ranges import NumberRange
from gateway.reasons import DELEGATE_SHAKEN, DELEGATE_TYPE, TN_UNAUTHORISED
from tests.certificates.extensions import listed

PROVIDER = Authority.of(listed("818H"), allow_delegate_shaken=False)
DELEGATE = Authority.of(listed("12155550100+10", "911", "*67"), allow_delegate_shaken=False)


def reason(finding):
    return None if finding is None else finding.reason


def test_a_provider_answers_for_every_number_and_every_type():
    assert PROVIDER.numbers is None
    assert PROVIDER.covers(TelephoneNumber("12155550100")) is None
    assert PROVIDER.covers(None) is None
    assert {PROVIDER.may_sign(ppt) for ppt in (None, "shaken", "div", "rcd", "rph", "other")} == {None}


@pytest.mark.parametrize(
    ("tn", "covered"),
    [
        ("12155550100", True),
        ("12155550109", True),
        ("12155550099", False),
        ("12155550110", False),
        ("1215555010", False),
        ("121555501000", False),
        ("012155550100", False),
        ("2155550100", False),
        ("911", True),
        ("912", False),
        ("*67", True),
        ("#67", False),
        ("", False),
        ("+12155550100", False),
        ("1215555010*", False),
        ("1215555010\u0660", False),
        ("\u00b2\u00b3\u00b9", False),
    ],
)
def test_a_delegate_answers_for_its_own_numbers_alone(tn, covered):
    expected = None if covered else TN_UNAUTHORISED
    assert reason(DELEGATE.covers(TelephoneNumber(tn))) is expected


def test_what_is_no_number_is_nothing_a_delegate_answers_for():
    assert reason(DELEGATE.covers(None)) is TN_UNAUTHORISED


def test_a_code_beside_numbers_does_not_widen_them():
    both = Authority.of(listed("818H", "911"), allow_delegate_shaken=False)
    assert both.numbers is not None
    assert both.covers(TelephoneNumber("911")) is None
    assert reason(both.covers(TelephoneNumber("912"))) is TN_UNAUTHORISED
    assert reason(both.may_sign("shaken")) is DELEGATE_SHAKEN


@pytest.mark.parametrize(
    ("ppt", "expected"),
    [
        (None, None),
        ("rcd", None),
        ("div", None),
        ("div-o", None),
        ("shaken", DELEGATE_SHAKEN),
        ("rph", DELEGATE_TYPE),
        ("", DELEGATE_TYPE),
        ("Shaken", DELEGATE_TYPE),
    ],
)
def test_a_delegate_signs_certain_types(ppt, expected):
    assert reason(DELEGATE.may_sign(ppt)) is expected


def test_where_the_domain_says_so_a_delegate_signs_shaken_and_still_not_the_rest():
    allowed = Authority.of(listed("911"), allow_delegate_shaken=True)
    assert allowed.may_sign("shaken") is None
    assert reason(allowed.may_sign("rph")) is DELEGATE_TYPE


def test_ranges_that_touch_or_overlap_are_one():
    parent = NumberSet(listed("100+10", "110+5", "112+8", "130+10"))
    for inside in ("100+20", "105+10", "119", "139", "130+10"):
        assert parent.encompasses(NumberSet(listed(inside))), inside
    for outside in ("100+21", "119+2", "099+2", "120", "129+2", "139+2", "0100", "10"):
        assert not parent.encompasses(NumberSet(listed(outside))), outside


def test_a_range_within_another_does_not_shorten_it():
    assert NumberSet(listed("100+50", "110+5")).covers("149")


def test_numbers_with_star_or_hash_are_encompassed_by_themselves_alone():
    parent = NumberSet(listed("*67", "100+10"))
    assert parent.encompasses(NumberSet(listed("*67")))
    assert not parent.encompasses(NumberSet(listed("#67")))
    assert not NumberSet(listed("100+10")).encompasses(NumberSet(listed("*67")))


def test_nothing_is_encompassed_by_everything():
    assert NumberSet(TnAuthList(("818H",))).encompasses(NumberSet(TnAuthList()))


small_ranges = st.tuples(st.integers(1, 3), st.integers(0, 999), st.integers(2, 60)).map(
    lambda one: (one[0], one[1] % 10 ** one[0], one[2])
)
small_lists = st.lists(small_ranges | st.tuples(st.integers(1, 3), st.integers(0, 999)), max_size=6)


def made(entries) -> tuple[TnAuthList, set[str]]:
    """A list, and the numbers in it one by one."""
    ranges: list[NumberRange] = []
    ones: list[TelephoneNumber] = []
    numbers: set[str] = set()
    for length, start, *count in entries:
        first = start % 10**length
        last = min(first + count[0], 10**length) if count else first + 1
        numbers |= {f"{tn:0{length}}" for tn in range(first, last)}
        if last - first > 1:
            ranges.append(NumberRange(TelephoneNumber(f"{first:0{length}}"), last - first))
        else:
            ones.append(TelephoneNumber(f"{first:0{length}}"))
    return TnAuthList((), tuple(ranges), tuple(ones)), numbers


@given(small_lists, st.from_regex(r"[0-9]{1,4}", fullmatch=True))
def test_a_number_is_covered_exactly_when_it_is_listed(entries, tn):
    tn_auth_list, numbers = made(entries)
    assert NumberSet(tn_auth_list).covers(tn) is (tn in numbers) is tn_auth_list.covers(TelephoneNumber(tn))


@given(small_lists, small_lists)
def test_a_list_is_encompassed_exactly_when_each_of_its_numbers_is(entries, others):
    parent, parents = made(entries)
    child, children = made(others)
    assert NumberSet(parent).encompasses(NumberSet(child)) is (children <= parents)
