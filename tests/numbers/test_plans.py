"""Each case names the rule it stands for."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.numbers.canonical import TelephoneNumber, canonical
from gateway.numbers.plans import FR, NANP, PLANS, UK, NumberKind, Plan, plan_for
from gateway.numbers.plans.plan import prefix_rows

K = NumberKind
OFCOM = Path(__file__).resolve().parents[3] / "shared" / "data" / "ofcom-2025-09"

UK_CASES = [
    ("442079460123", K.GEOGRAPHIC, "NTNP 02: geographic, ten digits"),
    ("441614960123", K.GEOGRAPHIC, "NTNP 01: geographic"),
    ("44120412345", K.GEOGRAPHIC, "NTNP 01: some codes keep nine digits"),
    ("44161496012", K.INVALID, "cities' codes have ten digits only"),
    ("44113496012", K.INVALID, "011x codes have ten digits only"),
    ("44207946012", K.INVALID, "02 has ten digits only"),
    ("4420794601234", K.INVALID, "nothing has eleven digits"),
    ("443001234567", K.SPECIAL, "NTNP 03: UK-wide, no geography"),
    ("444012345678", K.INVALID, "NTNP 04: not used"),
    ("445012345678", K.INVALID, "NTNP 0500: withdrawn in 2017"),
    ("445512345678", K.CORPORATE, "NTNP 055: corporate numbering"),
    ("445601234567", K.VOIP, "NTNP 056: location independent"),
    ("446012345678", K.INVALID, "NTNP 06: not used"),
    ("447012345678", K.PERSONAL, "NTNP 070: personal numbering"),
    ("447112345678", K.MOBILE, "NTNP 071-075: mobile"),
    ("447512345678", K.MOBILE, "NTNP 071-075: mobile"),
    ("447612345678", K.PAGER, "NTNP 076: radiopaging"),
    ("447624123456", K.MOBILE, "07624: Isle of Man mobile within 076"),
    ("447700900123", K.MOBILE, "NTNP 077-079: mobile"),
    ("447911123456", K.MOBILE, "NTNP 079: mobile, 07911 included"),
    ("44770090012", K.INVALID, "mobile numbers have ten digits"),
    ("448001234567", K.FREEPHONE, "NTNP 080: freephone"),
    ("44800123456", K.FREEPHONE, "old 0800 numbers have nine digits"),
    ("448001111", K.FREEPHONE, "Childline 0800 1111"),
    ("448001112", K.INVALID, "no other 0800 number has seven digits"),
    ("448081234567", K.FREEPHONE, "NTNP 0808: freephone"),
    ("44808123456", K.INVALID, "0808 has ten digits only"),
    ("448441234567", K.REVENUE_SHARE, "NTNP 084: revenue share"),
    ("448701234567", K.SPECIAL, "NTNP 0870: shares no revenue"),
    ("448711234567", K.REVENUE_SHARE, "NTNP 087: revenue share"),
    ("448454640", K.REVENUE_SHARE, "Ofcom S8: 0845 464, seven digits"),
    ("448912345678", K.NETWORK, "NTNP 089: networks' own use"),
    ("448979123456", K.INSERTED, "08979: inserted network number"),
    ("448112345678", K.INVALID, "Ofcom S8: only 080, 084, 087, 089 in use"),
    ("449012345678", K.PREMIUM, "NTNP 09: premium"),
    ("449812345678", K.PREMIUM, "NTNP 098: premium, sexual entertainment"),
    ("4402079460123", K.INVALID, "a trunk zero left in: malformed CLI"),
    ("447777777777", K.INVALID, "one digit only: malformed CLI"),
    ("999", K.SERVICE, "emergency"),
    ("101", K.SERVICE, "police, not urgent"),
    ("116123", K.SERVICE, "harmonised services 116"),
    ("118500", K.SERVICE, "directory enquiries 118"),
    ("11850", K.INVALID, "118 codes have six digits"),
    ("222", K.INVALID, "not a service number"),
    ("*67", K.INVALID, "a code is no number to call from"),
    ("12155550123", K.INVALID, "another country's number is not in this plan"),
]
NANP_CASES = [
    ("12125550123", K.GEOGRAPHIC, "NPA NXX XXXX"),
    ("12155551212", K.GEOGRAPHIC, "555 is an exchange"),
    ("14165550123", K.GEOGRAPHIC, "Canada"),
    ("1212555012", K.INVALID, "ten digits"),
    ("121255501234", K.INVALID, "ten digits"),
    ("11255550123", K.INVALID, "N is 2-9 in the area code"),
    ("10255550123", K.INVALID, "N is 2-9 in the area code"),
    ("12121550123", K.INVALID, "N is 2-9 in the exchange"),
    ("12120550123", K.INVALID, "N is 2-9 in the exchange"),
    ("18001550123", K.INVALID, "N is 2-9 in the exchange, toll-free too"),
    ("19115550123", K.INVALID, "N11 is no area code"),
    ("12925550123", K.INVALID, "N9X is kept for expansion"),
    ("13705550123", K.INVALID, "37X is reserved"),
    ("19605550123", K.INVALID, "96X is reserved"),
    ("12129115550", K.INVALID, "N11 is no central office code"),
    ("18004115550", K.FREEPHONE, "but toll-free N11 exchanges are in use"),
    ("18005550123", K.FREEPHONE, "800"),
    ("18335550123", K.FREEPHONE, "833"),
    ("18885550123", K.FREEPHONE, "888"),
    ("19005550123", K.PREMIUM, "900"),
    ("12129765550", K.PREMIUM, "976 exchanges"),
    ("15005550123", K.PERSONAL, "500"),
    ("15215550123", K.PERSONAL, "521"),
    ("15885550123", K.PERSONAL, "588"),
    ("16005550123", K.SPECIAL, "600: Canada, non-geographic"),
    ("17105550123", K.SPECIAL, "710: US government"),
    ("911", K.SERVICE, "emergency"),
    ("988", K.SERVICE, "crisis line"),
    ("211", K.SERVICE, "N11"),
    ("12345", K.INVALID, "message short codes make no calls"),
]
FR_CASES = [
    ("33123456789", K.GEOGRAPHIC, "01"),
    ("33234567890", K.GEOGRAPHIC, "02"),
    ("33345678901", K.GEOGRAPHIC, "03"),
    ("33456789012", K.GEOGRAPHIC, "04"),
    ("33567890123", K.GEOGRAPHIC, "05"),
    ("33612345678", K.MOBILE, "06"),
    ("33712345678", K.MOBILE, "07"),
    ("337001234567890", K.MOBILE, "0700: 14 digits with the 0"),
    ("33700123456", K.INVALID, "0700 has no short form"),
    ("33600312345", K.INVALID, "2.5.6: 0600x are routing prefixes"),
    ("33510123456", K.INVALID, "2.5.6: 0509-0515 are routing prefixes"),
    ("33527123456", K.INVALID, "2.5.6: 0526-0530 are routing prefixes"),
    ("33516123456", K.GEOGRAPHIC, "0516 is not among them"),
    ("33800123456", K.FREEPHONE, "0800-0805: free"),
    ("33805123456", K.FREEPHONE, "0800-0805: free"),
    ("33806123456", K.SPECIAL, "0806-0809: price of a local call"),
    ("33811123456", K.PREMIUM, "081: surcharged"),
    ("33825123456", K.PREMIUM, "082: surcharged"),
    ("33899123456", K.PREMIUM, "089: surcharged"),
    ("33836123456", K.SPECIAL, "other 08"),
    ("33948123456", K.VOIP, "09: polyvalent"),
    ("3312345678", K.INVALID, "nine digits"),
    ("331234567890", K.INVALID, "nine digits"),
    ("330123456789", K.INVALID, "a trunk zero left in"),
    ("15", K.SERVICE, "ambulance"),
    ("112", K.SERVICE, "emergency"),
    ("3939", K.SERVICE, "3BPQ"),
    ("1014", K.SERVICE, "10YT"),
    ("118712", K.SERVICE, "118XYZ"),
    ("99", K.INVALID, "not a service number"),
]


@pytest.mark.parametrize(
    ("plan", "digits", "kind", "rule"),
    [(plan, *case) for plan, cases in ((UK, UK_CASES), (NANP, NANP_CASES), (FR, FR_CASES)) for case in cases],
)
def test_the_plan_s_rule(plan: Plan, digits: str, kind: NumberKind, rule: str) -> None:
    assert plan.classify(TelephoneNumber(digits)) is kind, rule


@pytest.mark.parametrize(
    ("plan", "emergency", "other"),
    [
        (UK, ("999", "112", "18000"), ("101", "111", "105", "911", "442079460123")),
        (NANP, ("911", "933"), ("112", "211", "988", "19115550123")),
        (FR, ("15", "17", "18", "112", "114", "196"), ("999", "3939", "118712")),
    ],
)
def test_calls_for_help(plan: Plan, emergency: tuple[str, ...], other: tuple[str, ...]) -> None:
    assert plan.emergency_numbers >= set(emergency)
    assert plan.emergency_numbers.isdisjoint(other)
    assert plan.emergency_numbers <= plan.service_numbers


@pytest.mark.parametrize("plan", PLANS.values(), ids=lambda plan: plan.name)
def test_an_emergency_number_is_recognised_however_it_is_written(plan: Plan) -> None:
    for number in plan.emergency_numbers:
        for text in (number, f"+{number}", f"+{plan.country_code}{number}", f"{number};tgrp=a"):
            assert canonical(text, plan.dialling) in plan.emergency_numbers


def test_the_plan_of_a_number_is_its_country_s() -> None:
    assert plan_for(TelephoneNumber("442079460123")) is UK
    assert plan_for(TelephoneNumber("12155550123")) is NANP
    assert plan_for(TelephoneNumber("33612345678")) is FR


@pytest.mark.parametrize("digits", ["4930123456", "999", "112", "118118", "*31#", "44*1234567"])
def test_service_numbers_and_unknown_countries_have_no_plan(digits: str) -> None:
    assert plan_for(TelephoneNumber(digits)) is None


def test_a_prefix_stands_once() -> None:
    with pytest.raises(ValueError, match="twice"):
        replace(UK, rows=tuple(prefix_rows(("1", "1"), NumberKind.MOBILE, 10)))


@given(st.from_regex(r"[0-9*#]{1,16}", fullmatch=True), st.sampled_from([UK, NANP, FR]))
def test_every_number_has_a_kind(digits: str, plan: Plan) -> None:
    kind = plan.classify(TelephoneNumber(digits))
    assert isinstance(kind, NumberKind)
    assert digits not in plan.emergency_numbers or kind is NumberKind.SERVICE


@pytest.mark.skipif(not OFCOM.is_dir(), reason="Ofcom's numbering files are not in ../shared/data")
@pytest.mark.parametrize("name", ["S3", "S5", "S7", "S8", "S9"])
def test_no_block_that_ofcom_has_allocated_is_called_invalid(name: str) -> None:
    with (OFCOM / f"{name}.csv").open(encoding="latin-1", newline="") as file:
        rows = [row for row in csv.reader(file) if row[1].startswith("Allocated")]
    assert rows
    for row in rows:
        # A 2 after the block's digits: no block becomes a number of one digit only.
        digits = row[0].replace(" ", "").ljust(int(row[3].split()[0]), "2")
        assert UK.classify(TelephoneNumber("44" + digits)) is not NumberKind.INVALID, row
