"""`div-o`: the whole chain in one header, one PASSporT within the other (RFC 8946 section 5)."""

from __future__ import annotations

from itertools import pairwise

import pytest

from gateway.reasons import (
    ALG_UNSUPPORTED,
    CLAIM_INVALID,
    DIV_BROKEN,
    DIV_CALLEE,
    DIV_LENGTH,
    DIV_LOOP,
    DIV_NESTED,
    HEADER_FORBIDDEN,
    IAT_STALE,
    SIGNATURE_INVALID,
    TN_MISMATCH,
    X5U_FORBIDDEN,
    Verstat,
)
from tests.verification.calls import (
    PASSED,
    A,
    B,
    C,
    CallDraft,
    D,
    bare,
    base,
    claims,
    div,
    div_o,
    rcd,
    rph,
    said,
    shaken,
    token,
    verified,
)
from tests.verification.drafts import NOW

LINE = [A, B, C, D, "447700900301", "447700900302", "447700900303"]


def nested(*numbers: str, first: str | None = None) -> str:
    value = shaken(numbers[0]) if first is None else first
    for start, end in pairwise(numbers):
        value = div_o(start, end, bare(value))
    return value


def reason(value: str, callee: str):
    found = verified(value, to=(callee,))
    assert found.outcome.verstat is not Verstat.TN_VALIDATION_PASSED
    assert found.diversion is not None
    assert found.diversion.finding == found.outcome.finding
    return found.outcome.finding.reason


@pytest.mark.parametrize("hops", [1, 2, 3, 4, 5])
def test_up_to_five_nested_diversions_prove_the_first_caller(hops):
    found = verified(nested(*LINE[: hops + 1]), to=(A,), request_uri=LINE[hops])
    assert (found.outcome.verstat, found.outcome.attest) == (Verstat.TN_VALIDATION_PASSED, "A")
    assert found.diversion is not None
    assert found.diversion.diverted == tuple(LINE[:hops])


def test_a_call_of_many_nested_chains_is_judged_no_further_than_two_of_the_longest():
    headers = CallDraft([nested(*LINE[:6])] * 4, to=(LINE[5],)).examined().headers
    assert [len(header.links) for header in headers] == [6, 6, 0, 0]
    assert headers[2].finding is not None
    assert headers[2].finding.reason is DIV_LENGTH
    beside = CallDraft([*[nested(*LINE[:6])] * 3, shaken(LINE[5])], to=(LINE[5],)).examined().headers
    assert len(beside[3].links) == 1


def test_every_nested_passport_is_judged():
    header = CallDraft([nested(A, B, C)], to=(C,)).examined().headers[0]
    assert [link.ppt.label for link in header.links] == ["div-o", "div-o", "shaken"]


def test_six_are_too_many():
    assert reason(nested(*LINE), LINE[-1]) is DIV_LENGTH


@pytest.mark.parametrize("first", [base(A), rcd(A)])
def test_the_innermost_may_be_any_passport_that_says_who_called(first):
    assert said(nested(A, B, first=first), to=(B,)) == PASSED


@pytest.mark.parametrize("first", [div(D, A), rph(A)])
def test_nothing_else_may_be_nested(first):
    assert reason(nested(A, B, first=first), B) is DIV_NESTED


def test_it_may_stand_beside_the_call_in_single_headers():
    assert said(shaken(A), nested(A, B), to=(B,)) == PASSED
    assert said(nested(A, B), shaken(A), div(A, B), request_uri=B) == PASSED


def test_the_outermost_leads_to_the_callee():
    assert reason(nested(A, B), C) is DIV_CALLEE
    assert reason(nested(A, B), A) is DIV_CALLEE


def test_each_joins_the_one_within():
    assert reason(div_o(C, B, bare(shaken(A))), B) is DIV_BROKEN
    assert reason(div_o(B, C, bare(div_o(A, D, bare(shaken(A))))), C) is DIV_BROKEN


def test_a_circle_is_refused():
    assert reason(nested(A, B, A), A) is DIV_LOOP
    assert reason(nested(A, A), A) is DIV_LOOP


@pytest.mark.parametrize("spoilt", [0, 1, 2])
def test_every_signature_counts(spoilt):
    value = shaken(A, spoilt=spoilt == 0)
    value = div_o(A, B, bare(value), spoilt=spoilt == 1)
    value = div_o(B, C, bare(value), spoilt=spoilt == 2)
    assert reason(value, C) is SIGNATURE_INVALID


def test_every_passport_is_fresh_and_of_the_same_caller():
    other = {"orig": {"tn": "442079460124"}}
    assert reason(nested(A, B, first=shaken(A, iat=NOW - 61)), B) is IAT_STALE
    assert reason(nested(A, B, first=shaken(A, **other)), B) is TN_MISMATCH
    assert reason(div_o(A, B, bare(shaken(A)), **other), B) is TN_MISMATCH
    assert reason(div_o(A, B, bare(shaken(A)), iat=NOW + 61), B) is IAT_STALE


def inner(**header) -> str:
    payload = claims(A, attest="A", origid="de305d54-75b4-431b-adb2-eb6b9e546014")
    return div_o(A, B, token("shaken", payload, header=header))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (inner(alg="none"), ALG_UNSUPPORTED),
        (inner(crit=["b64"]), HEADER_FORBIDDEN),
        (inner(x5u=None), DIV_NESTED),
        (inner(x5u=["https://certificates.example.org/shaken.pem"]), DIV_NESTED),
        (inner(x5u="https://10.0.0.1/a.pem"), X5U_FORBIDDEN),
        (inner(ppt=["shaken"]), None),
        (div_o(A, B, "e30.e30.AA"), DIV_NESTED),
        (div_o(A, B, "W10.e30.AA"), DIV_NESTED),
        (div_o(A, B, "..AA"), CLAIM_INVALID),
        (div_o(A, B, 7), CLAIM_INVALID),  # type: ignore[arg-type]
    ],
)
def test_a_hostile_nested_passport_is_refused_before_anything_is_fetched(value, expected):
    header = CallDraft([value], to=(B,)).examined().headers[0]
    if expected is None:
        # `token` writes its own ppt last: this one is genuine, and shows that the others fail by their fault.
        assert header.finding is None
        return
    assert header.links == ()
    assert header.finding is not None
    assert header.finding.reason is expected
