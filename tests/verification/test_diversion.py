"""Chains of `div` PASSporTs: what joins passes, in any order; all else fails (RFC 8946 section 4.2)."""

from __future__ import annotations

from itertools import pairwise, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.reasons import (
    CREDENTIAL_PENDING,
    DIV_ALONE,
    DIV_BROKEN,
    DIV_CALLEE,
    DIV_LENGTH,
    DIV_LOOP,
    IAT_STALE,
    PPT_PARAMETER_UNSUPPORTED,
    SIGNATURE_INVALID,
    TN_MISMATCH,
    TN_UNSIGNED,
    VERIFIED,
    Finding,
    Verstat,
)
from gateway.verification.conclude import Diversion, Verification
from gateway.verification.policy import SHAKEN_ONLY
from tests.verification.calls import (
    PASSED,
    A,
    B,
    C,
    CallDraft,
    D,
    base,
    div,
    rcd,
    rph,
    said,
    shaken,
    verified,
)
from tests.verification.drafts import NOW

NONE, FAILED = "No-TN-Validation", "TN-Validation-Failed"
LINE = [A, B, C, D, "447700900301", "447700900302", "447700900303"]


def diversion(*identities: str, **call) -> Diversion:
    found = verified(*identities, **call).diversion
    assert found is not None
    return found


def steps(*numbers: str) -> list[str]:
    return [div(start, end) for start, end in pairwise(numbers)]


@pytest.mark.parametrize("hops", [1, 2, 3, 4, 5])
def test_a_chain_of_up_to_five_diversions_proves_the_first_caller(hops):
    found = verified(shaken(A), *steps(*LINE[: hops + 1]), to=(A,), request_uri=LINE[hops])
    assert found.outcome.verstat is Verstat.TN_VALIDATION_PASSED
    assert (found.outcome.attest, found.outcome.finding.reason) == ("A", VERIFIED)
    assert found.diversion is not None
    assert found.diversion.diverted == tuple(LINE[:hops])


def test_six_are_too_many():
    headers = [shaken(A), *steps(*LINE)]
    assert said(*headers, request_uri=LINE[-1]) == (NONE, 438)
    assert diversion(*headers, request_uri=LINE[-1]).finding.reason is DIV_LENGTH


def test_headers_stand_in_any_order():
    for order in permutations([shaken(A), *steps(A, B, C)]):
        assert said(*order, request_uri=C) == PASSED


def test_the_called_number_stands_in_for_a_request_uri_that_was_not_sent():
    assert said(shaken(A), div(A, B), to=(B,)) == PASSED


def test_the_to_header_is_of_no_account_beside_the_request_uri():
    assert said(shaken(A), div(A, B), to=(C,), request_uri=B) == PASSED


@pytest.mark.parametrize("first", [base, rcd])
def test_a_chain_may_hang_on_any_passport_that_says_who_called(first):
    found = verified(first(A), div(A, B), request_uri=B)
    assert found.outcome.verstat is Verstat.TN_VALIDATION_PASSED
    assert (found.outcome.attest, found.outcome.origid) == (None, None)


def test_numbers_are_joined_in_canonical_form():
    assert said(shaken("+44161-496 0000".replace(" ", "")), div("01614960000", B), request_uri=B) == PASSED


def test_one_of_several_destinations_may_be_diverted():
    assert said(shaken(A, C), div(A, B), request_uri=B) == PASSED
    assert said(shaken(A), div(A, B), div(B, "447700900555"), request_uri="447700900555") == PASSED


def test_a_step_may_be_signed_once_for_each_earlier_passport():
    assert said(shaken(A), base(A), div(A, B), div(A, B), request_uri=B) == PASSED


# --- what does not join ------------------------------------------------------------------------
def test_the_original_alone_is_for_its_own_callee():
    assert said(shaken(A), to=(B,)) == (NONE, 438)
    assert said(shaken(A), to=(A,), request_uri=B) == (NONE, 438)
    assert said(shaken(A), to=(A,), request_uri=A) == PASSED


def test_a_diversion_alone_proves_nothing():
    assert said(div(A, B), to=(B,)) == (NONE, 438)
    assert diversion(div(A, B), to=(B,)).finding.reason is DIV_ALONE


@pytest.mark.parametrize(
    ("links", "callee", "reason"),
    [
        ([(C, B)], B, DIV_BROKEN),
        ([(A, B), (C, D)], D, DIV_BROKEN),
        ([(B, C)], C, DIV_BROKEN),
        ([(A, B), (A, C)], C, DIV_BROKEN),
        ([(A, B), (C, D), (D, C)], B, DIV_LOOP),
        ([(A, B)], C, DIV_CALLEE),
        ([(A, B), (B, C)], B, DIV_CALLEE),
        ([(A, B), (B, C)], A, DIV_CALLEE),
        ([(A, A)], A, DIV_LOOP),
        ([(A, B), (B, A)], A, DIV_LOOP),
        ([(A, B), (B, A)], B, DIV_LOOP),
        ([(A, B), (B, C), (C, B)], B, DIV_LOOP),
        ([(A, B), (B, A), (A, C)], C, DIV_LOOP),
    ],
)
def test_diversions_that_do_not_join_fail_as_a_whole(links, callee, reason):
    headers = [shaken(A), *(div(*link) for link in links)]
    for order in permutations(headers):
        found = diversion(*order, request_uri=callee)
        assert (found.finding.reason, found.diverted) == (reason, ())
        assert said(*order, to=(callee,), request_uri=callee)[0] == (
            "TN-Validation-Passed" if callee == A and reason is DIV_CALLEE else NONE
        )


def test_a_passport_to_the_callee_is_valid_though_the_chain_is_broken():
    found = verified(shaken(A), div(C, D), to=(A,), request_uri=A)
    assert found.outcome.verstat is Verstat.TN_VALIDATION_PASSED
    assert found.diversion is not None
    assert found.diversion.verstat is Verstat.NO_TN_VALIDATION
    assert [each.outcome.finding.reason for each in found.headers] == [VERIFIED, DIV_BROKEN]


def test_a_call_that_went_round_in_a_circle_is_not_valid_even_for_its_first_callee():
    assert said(shaken(A), div(A, B), div(B, A), to=(A,), request_uri=A) == (NONE, 438)


def test_nothing_is_fetched_for_a_chain_that_does_not_join():
    call = CallDraft([shaken(A), div(C, B), rcd(A)], request_uri=B).examined()
    assert [header.links for header in call.headers] == [(), (), ()]


# --- links that are themselves refused ---------------------------------------------------------
@pytest.mark.parametrize("spoilt", [0, 1, 2])
def test_every_signature_of_the_chain_counts(spoilt):
    headers = [
        shaken(A, spoilt=spoilt == 0),
        div(A, B, spoilt=spoilt == 1),
        div(B, C, spoilt=spoilt == 2),
    ]
    assert said(*headers, request_uri=C) == (FAILED, 438)
    found = diversion(*headers, request_uri=C)
    assert (found.verstat, found.finding.reason) == (Verstat.TN_VALIDATION_FAILED, SIGNATURE_INVALID)


@pytest.mark.parametrize("stale", [0, 1, 2])
def test_every_link_is_fresh(stale):
    iats = [NOW - 61 if place == stale else NOW for place in range(3)]
    headers = [shaken(A, iat=iats[0]), div(A, B, iat=iats[1]), div(B, C, iat=iats[2])]
    verstat, code = said(*headers, request_uri=C)
    assert (verstat, code) in {(NONE, 403), (NONE, 438)}
    if stale:
        assert diversion(*headers, request_uri=C).finding.reason is IAT_STALE


@pytest.mark.parametrize("place", [0, 1, 2])
def test_every_link_names_the_same_caller(place):
    other = {"orig": {"tn": "442079460124"}}
    makers = [
        lambda **more: shaken(A, **more),
        lambda **more: div(A, B, **more),
        lambda **more: div(B, C, **more),
    ]
    headers = [make(**(other if at == place else {})) for at, make in enumerate(makers)]
    assert said(*headers, request_uri=C) == (NONE, 438)


def test_a_diversion_between_uris_is_not_followed():
    link = div(A, B, dest={"uri": ["sip:b@example.org"]})
    assert said(shaken(A), link, request_uri=B) == (NONE, 438)
    link = div(A, B, div={"uri": "sip:a@example.org"})
    assert said(shaken(A), link, request_uri=B) == (NONE, 438)


def test_a_link_whose_certificate_has_not_come_is_pending_and_not_failed():
    elsewhere = "https://certificates.example.org/other.pem"
    headers = [shaken(A), div(A, B, x5u=elsewhere)]
    found = verified(*headers, request_uri=B, credentials={elsewhere: Finding(CREDENTIAL_PENDING)})
    assert found.outcome.finding.reason is CREDENTIAL_PENDING
    assert [each.outcome.finding.reason for each in found.headers] == [TN_MISMATCH, CREDENTIAL_PENDING]


def test_a_link_at_a_forbidden_address_says_so_and_breaks_the_chain():
    found = verified(shaken(A), div(A, B, x5u="https://127.0.0.1/a.pem"), request_uri=B)
    assert found.outcome.verstat is Verstat.NO_TN_VALIDATION
    assert found.headers[1].outcome.finding.reason.code == "stir.x5u.forbidden"


def test_an_original_at_a_forbidden_address_is_refused_for_its_callee_first():
    value = shaken(A).replace("certificates.example.org", "127.0.0.1")
    assert said(value, to=(B,))[1] in {436, 438}


def test_where_only_shaken_is_taken_a_diversion_is_ignored():
    found = verified(shaken(A), div(A, B), to=(A,), accepted=SHAKEN_ONLY)
    assert found.outcome.verstat is Verstat.TN_VALIDATION_PASSED
    assert (found.diversion, found.headers[1].ppt) == (None, None)
    assert found.headers[1].outcome.finding.reason is PPT_PARAMETER_UNSUPPORTED
    assert said(shaken(A), div(A, B), to=(B,), accepted=SHAKEN_ONLY) == (NONE, 438)


def test_priority_and_name_go_along_with_a_proven_diversion():
    found = verified(shaken(A), rph(A), rcd(A), div(A, B), request_uri=B)
    assert all(each.outcome.passport is not None for each in found.headers)
    found = verified(shaken(A), rph(A), rcd(A), div(A, B, spoilt=True), request_uri=B)
    assert all(each.outcome.passport is None for each in found.headers)


# --- whatever is put together ------------------------------------------------------------------
NUMBERS = st.sampled_from([A, B, C])
HEADERS = {
    **{("shaken", end): shaken(end) for end in (A, B, C)},
    **{(start, end): div(start, end) for start in (A, B, C) for end in (A, B, C)},
}


def is_led_to(callee: str, keys: list[tuple[str, str]]) -> bool:
    """The definition, told by hand: some order of all links leads from an original to the callee."""
    links = [key for key in keys if key[0] != "shaken"]
    starts = {end for kind, end in keys if kind == "shaken"}
    for order in permutations(set(links)):
        visited = [start for start, _ in order] + [end for _, end in order[-1:]]
        joins = all(one[1] == two[0] for one, two in pairwise(order))
        if order and joins and order[0][0] in starts and order[-1][1] == callee:
            return len(set(visited)) == len(visited)
    return False


@given(st.lists(st.sampled_from(sorted(HEADERS)), min_size=1, max_size=4), NUMBERS)
def test_any_set_of_genuine_headers_passes_when_a_chain_or_an_original_leads_to_the_callee(keys, callee):
    found: Verification = verified(*(HEADERS[key] for key in keys), to=(callee,), request_uri=callee)
    chain = is_led_to(callee, keys)
    loops = found.diversion is not None and found.diversion.finding.reason is DIV_LOOP
    assert (found.diversion is not None and found.diversion.verstat is Verstat.TN_VALIDATION_PASSED) == chain
    expected = chain or (("shaken", callee) in keys and not loops)
    assert (found.outcome.verstat is Verstat.TN_VALIDATION_PASSED) == expected


def test_a_valid_header_of_another_call_does_not_stand_at_the_beginning_of_a_chain():
    found = verified(shaken(A, spoilt=True), base(C), div(A, B), to=(B,))
    assert found.diversion is not None
    assert found.diversion.finding.reason is SIGNATURE_INVALID


def test_a_third_partys_name_may_lead_a_chain_and_leaves_the_number_unsigned():
    found = verified(rcd(A, iss="https://names.example.org"), div(A, B), to=(B,))
    assert found.diversion is not None
    assert found.diversion.verstat is Verstat.TN_VALIDATION_PASSED
    assert found.outcome.finding.reason is TN_UNSIGNED


def test_a_header_for_who_is_called_counts_behind_one_that_only_the_broken_chain_needs():
    headers = [shaken(A), shaken(B), div(A, B, spoilt=True)]
    for order in permutations(headers):
        assert said(*order, to=(B,)) == PASSED
