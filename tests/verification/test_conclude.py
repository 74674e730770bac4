"""Several Identity headers of different types, one result for each question a switch has."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.passport.ppt import Ppt
from gateway.passport.rich_call_data import RichCallData
from gateway.reasons import (
    CLAIM_INVALID,
    CREDENTIAL_PENDING,
    IDENTITY_MALFORMED,
    IDENTITY_MISSING,
    PPT_PARAMETER_UNSUPPORTED,
    RCD_INTEGRITY,
    RCD_THIRD_PARTY,
    SIGNATURE_INVALID,
    TIME_STALE,
    TN_UNSIGNED,
    VERIFIED,
    Finding,
    Verstat,
)
from gateway.verification.policy import SHAKEN_ONLY
from gateway.verification.rich import ProvenData
from tests.passport.keys import X5U
from tests.passport.payloads import CARD, digest
from tests.verification.calls import (
    PASSED,
    A,
    B,
    CallDraft,
    base,
    div,
    identity,
    rcd,
    rph,
    said,
    shaken,
    verified,
)
from tests.verification.drafts import NOW

NONE, FAILED = "No-TN-Validation", "TN-Validation-Failed"
UNKNOWN = identity("msg", {})


def test_a_call_without_any_header_says_so():
    found = verified()
    assert (found.outcome.finding.reason, found.headers) == (IDENTITY_MISSING, ())
    assert (found.diversion, found.priority, found.rich) == (None, None, None)


def test_a_plain_call_passes_with_its_attestation():
    found = verified(shaken(A))
    assert (found.outcome.verstat, found.outcome.attest) == (Verstat.TN_VALIDATION_PASSED, "A")
    assert found.outcome.origid == "de305d54-75b4-431b-adb2-eb6b9e546014"
    assert [(each.ppt, each.outcome) for each in found.headers] == [(Ppt.SHAKEN, found.outcome)]


def test_a_passport_without_extension_proves_the_number_and_attests_nothing():
    found = verified(base(A))
    assert (found.outcome.verstat, found.outcome.attest) == (Verstat.TN_VALIDATION_PASSED, None)
    assert found.headers[0].ppt is Ppt.BASE


def test_the_attestation_is_found_beside_a_valid_header_without_one():
    assert verified(base(A), shaken(A)).outcome.attest == "A"
    assert verified(rcd(A), shaken(A)).outcome.attest == "A"


@pytest.mark.parametrize("make", [base, shaken, rcd, rph])
def test_a_bad_signature_of_any_type_proves_nothing(make):
    found = verified(make(A, spoilt=True))
    assert found.outcome.verstat is not Verstat.TN_VALIDATION_PASSED
    assert found.headers[0].outcome.finding.reason is SIGNATURE_INVALID
    assert found.rich is None


@pytest.mark.parametrize("make", [base, shaken, rcd, rph])
def test_a_header_of_any_type_is_for_its_own_callee_and_caller(make):
    assert said(make(A), to=(B,))[0] == NONE
    assert said(make(A, orig={"tn": "442079460124"}))[0] == NONE
    assert said(make(A, iat=NOW - 61))[0] == NONE
    assert verified(make(A), to=(B,)).headers[0].outcome.passport is None


def test_a_base_passport_has_no_ppt_in_its_header():
    assert said(identity("shaken", {}).replace(';ppt="shaken"', "")) == (NONE, 438)


def test_an_unsupported_type_is_ignored_beside_others_and_said_alone():
    assert said(UNKNOWN, shaken(A)) == PASSED
    assert verified(UNKNOWN).outcome.finding.reason is PPT_PARAMETER_UNSUPPORTED
    assert verified(UNKNOWN, shaken(A, spoilt=True)).outcome.finding.reason is SIGNATURE_INVALID


@pytest.mark.parametrize("make", [base, rcd, rph])
def test_the_atis_resource_takes_nothing_but_shaken(make):
    found = verified(make(A), accepted=SHAKEN_ONLY)
    assert found.outcome.finding.reason is PPT_PARAMETER_UNSUPPORTED
    assert found.outcome.finding.reason.case == "E5"
    assert found.headers[0].ppt is None


def test_an_unreadable_header_is_malformed_beside_nothing():
    found = verified("two words")
    assert (found.outcome.finding.reason, found.headers[0].token) == (IDENTITY_MALFORMED, "")
    assert said("two words", shaken(A)) == PASSED


def test_a_stale_request_is_stale_for_all_its_headers():
    found = CallDraft([shaken(A), rph(A)]).concluded(now=NOW + 61)
    assert [each.outcome.finding.reason for each in found.headers] == [TIME_STALE, TIME_STALE]


def test_436_is_said_only_when_no_credential_came():
    pending = {X5U: Finding(CREDENTIAL_PENDING)}
    assert said(shaken(A), base(A), credentials=pending) == (NONE, 436)
    assert said(shaken(A), "two words", credentials=pending) == (NONE, 438)


def test_headers_that_say_nothing_of_the_number_leave_it_unproven():
    found = verified(rph(A))
    assert (found.outcome.finding.reason, found.outcome.verstat) == (TN_UNSIGNED, Verstat.NO_TN_VALIDATION)
    assert found.headers[0].outcome.finding.reason is VERIFIED


# --- rich call data ----------------------------------------------------------------------------
def test_an_rcd_passport_is_valid_by_itself():
    found = verified(rcd(A, crn="Your card"))
    assert found.outcome.verstat is Verstat.TN_VALIDATION_PASSED
    assert found.rich == ProvenData(RichCallData(nam="Example Bank", crn="Your card"), ())


def test_rich_call_data_stands_in_a_shaken_passport_too():
    found = verified(shaken(A, rcd={"nam": "Example Bank", "icn": "https://example.org/logo.png"}))
    assert isinstance(found.rich, ProvenData)
    assert (found.rich.data.nam, found.rich.unchecked) == ("Example Bank", ("/icn",))
    assert verified(base(A, rcd={"nam": "B"}), rcd(A)).rich == ProvenData(
        RichCallData(nam="Example Bank"), ()
    )


@pytest.mark.parametrize(
    ("more", "reason"),
    [({"rcd": {"nam": "a\r\nb"}}, CLAIM_INVALID),
     ({"rcd": {"nam": "a", "jcd": CARD}, "rcdi": {"/jcd": digest(b"")}}, RCD_INTEGRITY)],
)  # fmt: skip
def test_bad_rich_call_data_in_a_shaken_passport_is_not_believed_and_does_it_no_harm(more, reason):
    found = verified(shaken(A, **more))
    assert found.outcome.verstat is Verstat.TN_VALIDATION_PASSED
    assert isinstance(found.rich, Finding)
    assert found.rich.reason is reason
    assert verified(shaken(A, **more), rph(A)).rich == found.rich
    assert isinstance(verified(shaken(A, **more), rcd(A)).rich, ProvenData)


@pytest.mark.parametrize(
    ("more", "reason"),
    [({"rcd": {"nam": ""}}, CLAIM_INVALID), ({"rcdi": {"/nam": digest(b"x")}}, RCD_INTEGRITY)],
)
def test_an_rcd_passport_with_bad_data_is_refused_before_anything_is_fetched(more, reason):
    header = CallDraft([rcd(A, **more)]).examined().headers[0]
    assert header.finding is not None
    assert (header.finding.reason, header.links) == (reason, ())


def test_data_of_a_refused_header_is_not_shown():
    assert verified(shaken(A, spoilt=True, rcd={"nam": "Example Bank"})).rich is None
    assert verified(rcd(A), to=(B,)).rich is None


def test_a_third_party_names_a_caller_only_beside_someone_who_proves_the_number():
    third = rcd(A, iss="https://names.example.org")
    alone = verified(third)
    assert (alone.outcome.finding.reason, alone.rich) == (TN_UNSIGNED, None)
    assert alone.headers[0].outcome.finding.reason is RCD_THIRD_PARTY
    beside = verified(third, shaken(A))
    assert isinstance(beside.rich, ProvenData)
    assert beside.outcome.attest == "A"
    assert verified(third, shaken(A, spoilt=True)).rich is None


# --- whatever comes ----------------------------------------------------------------------------
HEADERS = {
    name: value
    for make in (base, shaken, rcd, rph)
    for name, value in (
        (make.__name__, make(A)),
        (make.__name__ + " spoilt", make(A, spoilt=True)),
        (make.__name__ + " elsewhere", make(B)),
    )
}
OTHERS = {
    "div": div(A, B),
    "unknown": UNKNOWN,
    "malformed": "two words",
    "empty": "",
    "compact": f"..AA;info=<{X5U}>",
}


@given(st.lists(st.sampled_from(sorted(HEADERS | OTHERS)), max_size=5))
def test_the_call_passes_exactly_when_a_header_for_its_number_does(names):
    found = verified(*((HEADERS | OTHERS)[name] for name in names))
    assert len(found.headers) == len(names)
    proves = any(name in {"base", "shaken", "rcd"} for name in names)
    assert (found.outcome.verstat is Verstat.TN_VALIDATION_PASSED) == proves
    assert (found.outcome.attest == "A") == ("shaken" in names)
    assert (found.priority is not None) == any(name.startswith("rph") for name in names)
    assert isinstance(found.rich, ProvenData) == ("rcd" in names)
    for name, header in zip(names, found.headers, strict=True):
        assert (header.outcome.passport is not None) == (name in {"base", "shaken", "rcd", "rph"})
