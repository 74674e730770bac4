"""The TNAuthList of RFC 8226 section 9: a value, or TnAuthListError."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.certificates.tnauthlist import (
    TnAuthList,
    TnAuthListError,
    parse_tn_auth_list,
    render_tn_auth_list,
)
from gateway.numbers.canonical import TelephoneNumber
from gateway.numbers.ranges import NumberRange

SPC_818H = bytes.fromhex("3008a006160438313848")


def tn_range(start: str, count: int) -> NumberRange:
    return NumberRange(TelephoneNumber(start), count)


def test_a_provider_code_is_read_and_written_as_real_certificates_have_it():
    assert parse_tn_auth_list(SPC_818H) == TnAuthList(spcs=("818H",))
    assert render_tn_auth_list(TnAuthList(spcs=("818H",))) == SPC_818H


def test_all_three_kinds_of_entry_are_read():
    der = bytes.fromhex("301ca006160438313848a10b3009160430303132020105a205160331322a")
    expected = TnAuthList(("818H",), (tn_range("0012", 5),), (TelephoneNumber("12*"),))
    assert parse_tn_auth_list(der) == expected
    assert render_tn_auth_list(expected) == der


@pytest.mark.parametrize(
    "der",
    [
        b"",
        bytes.fromhex("3000"),
        base64.b64decode("MAigxxYEODE4SA=="),
        SPC_818H + b"\x00",
        SPC_818H[:-1],
        bytes.fromhex("3006160438313848"),  # no tag at all
        bytes.fromhex("3006800438313848"),  # IMPLICIT [0]
        bytes.fromhex("3006130436323048"),  # PrintableString, as one issuer made them
        bytes.fromhex("3008a006130438313848"),  # PrintableString inside the right tag
        bytes.fromhex("3008a306160438313848"),  # a fourth kind of entry
        bytes.fromhex("308108a006160438313848"),  # a length in more octets than it needs
        bytes.fromhex("3080a0061604383138480000"),  # BER's indefinite length
        bytes.fromhex("3108a006160438313848"),  # SET
        bytes.fromhex("3004a0021600"),  # an empty code
        bytes.fromhex("3008a0061604383138ff"),  # not ASCII
        bytes.fromhex("3008a0061604380d0a48"),  # CR LF in a code
        bytes.fromhex("3008a006160438312248"),  # a quote
        bytes.fromhex("3004a2021600"),  # an empty number
        bytes.fromhex("3005a203160161"),  # a letter
        bytes.fromhex("3005a20316012b"),  # a plus
        bytes.fromhex("3014a2121610") + b"1" * 16,  # sixteen digits
        bytes.fromhex("300aa1083006160131020101"),  # a range of one
        bytes.fromhex("300aa108300616013102 0100".replace(" ", "")),  # of none
        bytes.fromhex("300aa1083006160131 0201ff".replace(" ", "")),  # of minus one
        bytes.fromhex("300aa1083006160131020109"),  # 1 + 9 = 10: longer than one digit
        bytes.fromhex("300aa108300616012a020105"),  # a range of stars
        bytes.fromhex("3009a1073005160131 0200".replace(" ", "")),  # INTEGER without content
        bytes.fromhex("300ba109300716013102020002"),  # INTEGER with a leading zero
        bytes.fromhex("300aa308300616013102 0105".replace(" ", "")),
    ],
)
def test_other_bytes_are_refused(der):
    with pytest.raises(TnAuthListError):
        parse_tn_auth_list(der)


def test_a_range_stays_below_the_end_of_its_length():
    assert parse_tn_auth_list(bytes.fromhex("300aa1083006160131020108")).ranges == (tn_range("1", 8),)


@pytest.mark.parametrize(
    ("tn", "covered"),
    [
        ("12155550100", True),
        ("12155550109", True),
        ("12155550110", False),
        ("12155550099", False),
        ("1215555010", False),
        ("121555501000", False),
        ("012155550100", False),
        ("911", True),
        ("9111", False),
        ("0911", False),
        ("12155550199", False),
        ("", False),
        ("1215555010*", False),
        ("818H", False),
    ],
)
def test_a_number_is_covered_only_by_a_range_of_its_own_length_or_by_itself(tn, covered):
    listed = TnAuthList(("818H",), (tn_range("12155550100", 10),), (TelephoneNumber("911"),))
    assert listed.covers(TelephoneNumber(tn)) is covered


@pytest.mark.parametrize(
    "impossible",
    [
        TnAuthList(),
        TnAuthList(spcs=("é",)),
        TnAuthList(spcs=("8 H",)),
        TnAuthList(ranges=(tn_range("5", 1),)),
        TnAuthList(ranges=(tn_range("5", 5),)),
        TnAuthList(ones=(TelephoneNumber("+1"),)),
    ],
)
def test_what_could_not_be_read_is_not_written(impossible):
    with pytest.raises(TnAuthListError):
        render_tn_auth_list(impossible)


ranges = st.from_regex(r"[0-9]{2,15}", fullmatch=True).flatmap(
    lambda start: (
        st.integers(2, 10 ** len(start) - 1 - int(start)).map(lambda count: tn_range(start, count))
        if 10 ** len(start) - 1 - int(start) >= 2
        else st.just(tn_range("00", 2))
    )
)
lists = st.builds(
    TnAuthList,
    st.lists(st.from_regex(r"[0-9A-Z]{1,10}", fullmatch=True), min_size=1).map(tuple),
    st.lists(ranges).map(tuple),
    st.lists(st.from_regex(r"[0-9#*]{1,15}", fullmatch=True).map(TelephoneNumber)).map(tuple),
)


@given(lists)
def test_what_is_written_is_read_back(tn_auth_list):
    assert parse_tn_auth_list(render_tn_auth_list(tn_auth_list)) == tn_auth_list


def test_a_long_list_is_written_and_read_back():
    long = TnAuthList(ones=tuple(TelephoneNumber(f"{tn:010}") for tn in range(5000)))
    assert parse_tn_auth_list(render_tn_auth_list(long)) == long


@given(
    st.binary() | st.tuples(lists, st.integers(0), st.integers(0, 255)).map(lambda parts: _mutated(*parts))
)
def test_any_bytes_give_a_list_or_the_one_error(der):
    try:
        parsed = parse_tn_auth_list(der)
    except TnAuthListError:
        return
    assert parse_tn_auth_list(render_tn_auth_list(parsed)) == parsed


def _mutated(tn_auth_list: TnAuthList, place: int, value: int) -> bytes:
    der = bytearray(render_tn_auth_list(tn_auth_list))
    der[place % len(der)] = value
    return bytes(der)
