"""The claims, and the numbers in them, against the call (E14 to E16, E19)."""

from __future__ import annotations

import json

import pytest

from gateway.numbers.canonical import DiallingRules
from gateway.numbers.plans import NANP
from gateway.passport.signature import encode_header
from gateway.passport.strict import render_base64url
from gateway.reasons import (
    ATTEST_INVALID,
    CLAIM_INVALID,
    CLAIM_MISSING,
    TN_MISMATCH,
)
from tests.verification.drafts import DEST, NOW, ORIG, Draft, finding, passes


@pytest.mark.parametrize("iat", [NOW * 1000, str(NOW), float(NOW) + 0.5, True, None, -1, [NOW]])
def test_an_iat_that_is_no_integer_of_seconds_is_an_invalid_claim(iat):
    draft = Draft()
    identity = _with_raw_payload(draft, iat=iat)
    found = finding(draft, identity=identity)
    assert (found.reason, found.parameter) == (CLAIM_INVALID, "iat")


# --- claims ------------------------------------------------------------------------------------
@pytest.mark.parametrize("claim", ["attest", "dest", "iat", "orig", "origid"])
def test_a_missing_claim_is_e14_and_named(claim):
    draft = Draft()
    del draft.payload[claim]
    found = finding(draft)
    assert (found.reason, found.parameter) == (CLAIM_MISSING, claim)
    assert found.description == f"Missing '{claim}' mandatory claim in PASSporT payload"


@pytest.mark.parametrize(
    ("claim", "value"),
    [
        ("orig", ORIG),
        ("orig", {"tn": [ORIG]}),
        ("orig", {"tn": ""}),
        ("orig", {"tn": int(ORIG)}),
        ("orig", {"tn": ORIG, "uri": "sip:a@example.org"}),
        ("orig", {}),
        ("dest", {"tn": DEST}),
        ("dest", {"tn": []}),
        ("dest", {"tn": [int(DEST)]}),
        ("dest", [DEST]),
        ("dest", {}),
        ("attest", 1),
        ("origid", "no uuid"),
        ("origid", 7),
    ],
)
def test_a_claim_of_another_type_is_invalid_and_named(claim, value):
    draft = Draft()
    draft.payload[claim] = value
    found = finding(draft)
    assert (found.reason, found.parameter) == (CLAIM_INVALID, claim)


@pytest.mark.parametrize("attest", ["a", "A ", "AB", "D", "", "Α"])  # noqa: RUF001 - the last is a Greek letter
def test_an_attestation_that_is_not_exactly_a_b_or_c_is_e19(attest):
    draft = Draft()
    draft.payload["attest"] = attest
    assert finding(draft).reason is ATTEST_INVALID


@pytest.mark.parametrize("attest", ["A", "B", "C"])
def test_each_attestation_passes(attest):
    draft = Draft()
    draft.payload["attest"] = attest
    assert passes(draft)


# --- the numbers (E16) -------------------------------------------------------------------------
PORTED = DiallingRules(
    service_numbers=frozenset({"999"}), portability_prefixes=("600",), country_code="44", trunk_prefix="0"
)


@pytest.mark.parametrize(
    "written", ["+442079460123", "442079460123", "02079460123", "+44-20-7946.0123", "+44(0)2079460123"]
)
def test_a_number_in_any_spelling_of_the_trunk_equals_its_canonical_form(written):
    draft = Draft()
    draft.payload["orig"] = {"tn": written}
    assert passes(draft)


def test_a_number_with_a_configured_portability_prefix_is_the_number():
    draft = Draft()
    draft.payload["orig"] = {"tn": "446002079460123"}
    assert finding(draft).reason is TN_MISMATCH
    assert passes(draft, dialling=PORTED)


def test_a_national_number_is_read_by_the_trunks_own_country():
    draft = Draft(orig="12155550123")
    draft.payload["orig"] = {"tn": "2155550123"}
    assert finding(draft).parameter == "orig"
    assert passes(draft, dialling=NANP.dialling)


@pytest.mark.parametrize(
    "written",
    [
        "442079460124",
        "44207946012",
        "4420794601230",
        "Alice",
        "٤٤٢٠٧٩٤٦٠١٢٣",
        "44²079460123",
        "+44 2079460123",
        "0x66",
        "+",
        "442079460123,442079460123",
    ],
)
def test_another_orig_or_one_that_is_no_number_is_e16(written):
    draft = Draft()
    draft.payload["orig"] = {"tn": written}
    found = finding(draft)
    assert (found.reason, found.parameter) == (TN_MISMATCH, "orig")
    assert found.description.startswith("'orig' claim")


def test_a_uri_for_an_orig_equals_no_number():
    draft = Draft()
    draft.payload["orig"] = {"uri": f"tel:+{ORIG}"}
    found = finding(draft)
    assert (found.reason, found.parameter) == (TN_MISMATCH, "orig")


def test_a_uri_for_a_dest_equals_no_number_and_not_even_none():
    draft = Draft()
    draft.payload["dest"] = {"uri": [f"tel:+{DEST}"]}
    assert finding(draft).parameter == "dest"
    draft.dests = frozenset()
    assert finding(draft).parameter == "dest"


def test_a_call_without_a_calling_number_equals_no_orig():
    assert finding(Draft(orig="")).parameter == "orig"


OTHER = "447700900123"


def test_dest_is_a_set_without_order_or_repetition():
    draft = Draft(dests=frozenset({DEST, OTHER}))
    draft.payload["dest"] = {"tn": [f"+{OTHER}", DEST, OTHER, "01614960000"]}
    assert passes(draft)


@pytest.mark.parametrize("signed", [[DEST], [OTHER], [DEST, OTHER, "447700900124"], [DEST, "Bob"]])
def test_a_dest_that_is_another_set_is_e16(signed):
    draft = Draft(dests=frozenset({DEST, OTHER}))
    draft.payload["dest"] = {"tn": signed}
    found = finding(draft)
    assert (found.reason, found.parameter) == (TN_MISMATCH, "dest")


def _with_raw_payload(draft: Draft, **claims) -> str:
    """Canonical JSON has no floats, so the payload is rendered as another sender might."""
    payload = render_base64url(json.dumps({**draft.payload, **claims}).encode())
    token = b".".join((encode_header(draft.header), payload, b"AAAA")).decode()
    return f"{token};info={draft.info};alg=ES256;ppt=shaken"
