"""What each error case says, letter by letter, through the row in `reasons.py` (ATIS-1000082)."""

from __future__ import annotations

import pytest

from gateway.reasons import REASONS, REVOCATION_UNKNOWN, Finding, Verstat
from gateway.verification.outcome import Outcome

NONE, FAILED = "No-TN-Validation", "TN-Validation-Failed"
INVALID, INFO, CREDENTIAL = "Invalid Identity Header", "Bad identity Info", "Unsupported credential"

CASES = [
    ("E3", 403, "Stale Date", "Received 'time' value is not fresh.", NONE),
    (
        "E4",
        438,
        INVALID,
        "Identity header in compact form instead of required by SHAKEN spec full form.",
        NONE,
    ),
    (
        "E5",
        438,
        INVALID,
        "Identity header is received with 'ppt' parameter value that is not 'shaken'.",
        NONE,
    ),
    ("E6", 436, INFO, "Missing 'info' parameter in the 'identity'.", NONE),
    ("E7", 436, INFO, "Invalid 'info' URI.", NONE),
    ("E8", 436, INFO, "Failed to dereference 'info' URI.", NONE),
    ("E9", 436, INFO, "Missing 'claim' claim in the PASSporT header.", NONE),
    (
        "E10",
        436,
        INFO,
        "'x5u' from PASSporT header doesn't match the 'info' parameter of identity header value.",
        NONE,
    ),
    ("E11", 437, CREDENTIAL, "'typ' from PASSporT header is not 'passport'.", NONE),
    ("E12", 437, CREDENTIAL, "'alg' from PASSporT header is not 'ES256'.", NONE),
    ("E13", 438, INVALID, "'ppt' from PASSporT header is not 'shaken'.", NONE),
    ("E14", 438, INVALID, "Missing 'claim' mandatory claim in PASSporT payload", NONE),
    ("E15", 403, "Stale Date", "'iat' from PASSporT payload is not fresh.", NONE),
    (
        "E16",
        438,
        INVALID,
        "'claim' claim from PASSporT payload doesn't match the received in the verification request claim.",
        NONE,
    ),
    ("E17", 437, CREDENTIAL, "Failed to authenticate CA.", FAILED),
    ("E18", 438, INVALID, "Signature validation failed.", FAILED),
    ("E19", 438, INVALID, "'attest' claim in PASSporT is not valid.", NONE),
]


BY_CASE = {
    row.case: [each for each in REASONS.values() if each.case == row.case]
    for row in REASONS.values()
    if row.case
}


@pytest.mark.parametrize(("case", "code", "text", "description", "verstat"), CASES)
def test_every_row_of_an_error_case_says_what_the_standard_says(case, code, text, description, verstat):
    rows = BY_CASE[case]
    assert rows
    for row in rows:
        finding = Finding(row, parameter="claim")
        assert row.cause is not None
        assert (row.cause.code, row.cause.api_text) == (code, text)
        assert finding.description == description
        outcome = Outcome.refused(finding)
        assert outcome.verstat.value == verstat
        assert (outcome.passport, outcome.chain, outcome.finding) == (None, None, finding)


def test_no_error_case_is_missing_or_beyond_the_table():
    assert set(BY_CASE) == {case for case, *_ in CASES}


def test_only_e17_and_e18_say_failed_among_all_rows():
    failed = {row.case for row in REASONS.values() if row.verstat is Verstat.TN_VALIDATION_FAILED}
    assert failed == {"E17", "E18"}


def test_what_does_not_refuse_makes_no_refusal():
    with pytest.raises(ValueError, match=r"stir\.revocation\.unknown"):
        Outcome.refused(Finding(REVOCATION_UNKNOWN))
