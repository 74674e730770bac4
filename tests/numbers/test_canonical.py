from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.numbers.canonical import DiallingRules, NumberError, TelephoneNumber, canonical, to_e164

UK = DiallingRules(service_numbers=frozenset({"999", "112", "101", "18000"}))
NANP = DiallingRules(
    country_code="1",
    international_prefix="011",
    trunk_prefix="1",
    national_lengths=frozenset({10}),
    service_numbers=frozenset({"911", "933", "988"}),
)
FR = DiallingRules(
    country_code="33",
    national_lengths=frozenset({9}),
    service_numbers=frozenset({"15", "112", "3939"}),
    portability_prefixes=("60003", "60007", "5128"),
)
ITALY = DiallingRules(country_code="39", trunk_prefix="")
RUSSIA = DiallingRules(country_code="7", international_prefix="810", trunk_prefix="8")
ALL_RULES = (UK, NANP, FR, ITALY, RUSSIA, DiallingRules(international_prefix="", trunk_prefix="0"))

LONDON = "442079460123"


@pytest.mark.parametrize(
    "text",
    [
        "+442079460123",
        "442079460123",
        "02079460123",
        "00442079460123",
        "+44-20-7946-0123",
        "+44.20.7946.0123",
        "(020)7946-0123",
        "+44(0)2079460123",
        "+44-(0)20-7946-0123",
        "0044(0)2079460123",
        "44(0)2079460123",
        "+442079460123;tgrp=TG-1;trunk-context=example.com",
        "02079460123;npdi;rn=+441614960000",
        "+442079460123;phone-context=%2B44",
        "+44((20))7946--0123..",
    ],
)
def test_every_way_of_writing_a_number_gives_one_number(text: str) -> None:
    assert canonical(text, UK) == LONDON


@pytest.mark.parametrize(
    "text",
    [
        "",
        "+",
        "()",
        "()-.",
        ";tgrp=x",
        "+44 20 7946 0123",
        " 442079460123",
        "442079460123\n",
        "+442079460123\x00",
        "Alice",
        "0800CALLME",
        "\uff14\uff14\uff12\uff10\uff17\uff19\uff14\uff16\uff10\uff11\uff12\uff13",
        "44207946012³",
        "٤٤٢٠٧٩٤٦٠١٢٣",
        "tel:+442079460123",
        "sip:+442079460123@example.com",
        "44+2079460123",
        "++442079460123",
        "(+44)2079460123",
        "+442079460123,1",
        "+442079460123;",
        "+442079460123;;tgrp=x",
        "+442079460123;tgrp=",
        "+442079460123;tgrp=x y",
        "+442079460123;tgrp=x\r\nVia: y",
        "+442079460123;tgrp=é",
        "+442079460123;a=%4",
        "+442079460123;" + "a" * 600,
        "+02079460123",
        "000442079460",
        "+44207",
        "0123",
        "0999",
        "00",
        "0",
        "+1234567890123456",
        "4420794601234567",
        "*" * 33,
        "\ud800",
    ],
)
def test_what_is_no_number_is_a_number_error_with_a_sentence(text: str) -> None:
    with pytest.raises(NumberError) as caught:
        canonical(text, UK)
    assert caught.value.problem
    assert caught.value.problem.isascii()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("999", "999"),
        ("112", "112"),
        ("18000", "18000"),
        ("118118", "118118"),
        ("1471", "1471"),
        ("+999", "999"),
        ("+44999", "999"),
        ("0044112", "112"),
        ("+4418000", "18000"),
        ("4418000", "18000"),
        ("+44-999", "999"),
        ("999;phone-context=+44", "999"),
    ],
)
def test_short_codes_stay_as_dialled_even_behind_a_plus(text: str, expected: str) -> None:
    assert canonical(text, UK) == expected


@pytest.mark.parametrize("text", ["*67", "*31#", "#31#07700900123", "**21*07700900123#", "1*2#"])
def test_codes_with_star_or_hash_are_kept(text: str) -> None:
    tn = canonical(text, UK)
    assert tn == text
    assert to_e164(tn) == text


def test_a_trunk_zero_left_in_without_brackets_is_kept_for_the_plan_to_refuse() -> None:
    assert canonical("+4402079460123", UK) == "4402079460123"
    assert canonical("004402079460123", UK) == "4402079460123"


def test_a_bracketed_zero_of_another_country_is_not_guessed_at() -> None:
    assert canonical("+49(0)30123456", UK) == "49030123456"


def test_the_samples_of_atis_are_international_numbers() -> None:
    assert canonical("12155551212", UK) == "12155551212"
    assert canonical("12155551212", NANP) == "12155551212"


@pytest.mark.parametrize("text", ["2155550123", "12155550123", "+12155550123", "(215)555-0123"])
def test_ten_digits_are_national_in_the_nanp(text: str) -> None:
    assert canonical(text, NANP) == "12155550123"


def test_abroad_is_dialled_with_the_configured_prefix() -> None:
    assert canonical("011442079460123", NANP) == LONDON
    assert canonical("810442079460123", RUSSIA) == LONDON
    assert canonical("84951234567", RUSSIA) == "74951234567"
    assert canonical("+78001234567", RUSSIA) == "78001234567"
    assert canonical("+390612345678", ITALY) == "390612345678"


@pytest.mark.parametrize(
    "text",
    [
        "+3360003612345678",
        "3360003612345678",
        "003360003612345678",
        "060003612345678",
        "60003612345678",
        "600030612345678",
        "6000333612345678",
        "+335128612345678",
    ],
)
def test_a_portability_prefix_is_taken_off(text: str) -> None:
    assert canonical(text, FR) == "33612345678"


def test_bare_digits_that_only_look_like_a_portability_prefix_are_another_country_s() -> None:
    assert canonical("600031234567", FR) == "600031234567"


def test_a_long_number_without_a_known_prefix_is_an_error_not_a_crash() -> None:
    with pytest.raises(NumberError, match="at most 15 digits"):
        canonical("+3360009612345678", FR)
    with pytest.raises(NumberError, match="twice"):
        canonical("+336000360003612345678", FR)


def test_long_austrian_numbers_fit() -> None:
    assert canonical("+431234567890123", UK) == "431234567890123"


@pytest.mark.parametrize(
    "wrong",
    [
        {"country_code": ""},
        {"country_code": "044"},
        {"country_code": "4\uff14"},
        {"international_prefix": "+"},
        {"trunk_prefix": "(0)"},
        {"service_numbers": frozenset({"08001111"})},
        {"portability_prefixes": ("",)},
        {"national_lengths": frozenset({15})},
    ],
)
def test_contradictory_rules_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"_|digits"):
        DiallingRules(**wrong)  # type: ignore[arg-type]


def test_rules_compare_by_value() -> None:
    assert DiallingRules() == DiallingRules()
    assert hash(DiallingRules()) == hash(DiallingRules())


numberish = st.text("0123456789*#+.-()", max_size=24) | st.from_regex(
    r"\+?(0|00|011|44|33|1|44\(0\)|6000[37]|5128){0,4}[0-9]{0,12}(;tgrp=x)?", fullmatch=True
)
any_text = st.text(max_size=40) | numberish
any_rules = st.sampled_from(ALL_RULES)


@given(any_text, any_rules)
def test_a_number_or_a_number_error_never_anything_else(text: str, rules: DiallingRules) -> None:
    try:
        tn = canonical(text, rules)
    except NumberError:
        return
    assert re.fullmatch(r"[0-9*#]{1,32}", tn)


@given(numberish, any_rules)
def test_what_to_e164_writes_reads_back(text: str, rules: DiallingRules) -> None:
    try:
        tn = canonical(text, rules)
    except NumberError:
        return
    assert canonical(to_e164(tn), rules) == tn


@given(numberish, st.sampled_from([UK, ITALY]))
def test_where_no_bare_form_is_national_canonical_is_idempotent(text: str, rules: DiallingRules) -> None:
    try:
        tn = canonical(text, rules)
    except NumberError:
        return
    assert canonical(tn, rules) == tn


@given(st.from_regex(r"\+?[0-9]{5,17}", fullmatch=True), any_rules)
def test_the_short_way_answers_as_the_long_one(text: str, rules: DiallingRules) -> None:
    plain = rules.read_plain(text)
    # A separator at the end changes nothing but keeps the text from the short way.
    if plain is not None:
        assert canonical(text + "-", rules) == plain


@given(st.integers(10**6, 10**14), any_rules)
def test_separators_and_parameters_never_change_a_number(digits: int, rules: DiallingRules) -> None:
    text = f"+{digits}"
    try:
        tn = canonical(text, rules)
    except NumberError:
        return
    assert canonical(f"+{'-'.join(str(digits))};tgrp=a;trunk-context=b", rules) == tn
    assert canonical(f"+({str(digits)[:2]}){str(digits)[2:]}", rules) in {tn, TelephoneNumber(str(digits))}
