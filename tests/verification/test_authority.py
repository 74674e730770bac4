"""Whose word counts for which number: providers, delegates, constraints (RFC 8226, 9060, 9118, 8946)."""

from __future__ import annotations

import pytest

from gateway.certificates.chain import ValidatedChain
from gateway.reasons import (
    CONSTRAINTS_BROKEN,
    DELEGATE_SHAKEN,
    DELEGATE_TYPE,
    TN_UNAUTHORISED,
    VERIFIED,
    Verstat,
)
from gateway.verification.conclude import Verification
from tests import pki
from tests.certificates.extensions import (
    PROVIDER,
    ROOT,
    believed,
    constraints,
    constraints_der,
    delegate,
    trust_in,
)
from tests.passport.keys import PRIVATE_KEY, X5U
from tests.verification.calls import A, B, bare, base, div, div_o, rcd, rph, shaken, verified
from tests.verification.drafts import ORIG

OTHER_X5U = "https://certificates.example.org/other.pem"


def of_numbers(*entries: str, **how) -> ValidatedChain:
    return believed(delegate(PROVIDER, *entries, key=PRIVATE_KEY), PROVIDER, **how)


CALLER, FORWARDER, STRANGER = of_numbers("442079460000+1000"), of_numbers(A), of_numbers(B)


def by(chain: ValidatedChain, *identities: str, other: ValidatedChain | None = None, **call) -> Verification:
    credentials = {X5U: chain} if other is None else {X5U: chain, OTHER_X5U: other}
    return verified(*identities, credentials=credentials, **call)


@pytest.mark.parametrize("make", [base, rcd])
def test_a_delegate_answers_for_its_own_numbers(make):
    assert by(CALLER, make(A)).outcome.verstat is Verstat.TN_VALIDATION_PASSED
    assert by(of_numbers(ORIG), make(A)).outcome.verstat is Verstat.TN_VALIDATION_PASSED
    found = by(STRANGER, make(A)).outcome
    assert (found.verstat, found.finding.reason) == (Verstat.TN_VALIDATION_FAILED, TN_UNAUTHORISED)


def test_numbers_near_a_delegates_are_not_its_own():
    for entries in ("442079460124", "442079460122", "44207946", "4420794601230", "442079460124+10"):
        assert by(of_numbers(entries), base(A)).outcome.finding.reason is TN_UNAUTHORISED


def test_a_delegate_signs_no_shaken_unless_its_domain_says_so():
    assert by(CALLER, shaken(A)).outcome.finding.reason is DELEGATE_SHAKEN
    allowed = of_numbers(ORIG, trust=trust_in(ROOT, allow_delegate_shaken=True))
    assert by(allowed, shaken(A)).outcome.attest == "A"


def test_a_delegate_gives_no_priority():
    assert by(CALLER, rph(A)).headers[0].outcome.finding.reason is DELEGATE_TYPE


def test_a_diversion_is_signed_for_the_number_diverted_from_and_not_for_the_caller():
    link = div(A, B, x5u=OTHER_X5U)
    assert by(CALLER, base(A), link, other=FORWARDER, request_uri=B).outcome.finding.reason is VERIFIED
    for other in (CALLER, STRANGER):
        found = by(CALLER, base(A), link, other=other, request_uri=B)
        assert found.outcome.finding.reason is TN_UNAUTHORISED
        assert found.diversion is not None
        assert found.diversion.finding.reason is TN_UNAUTHORISED


def test_a_nested_diversion_is_held_to_the_same():
    both = of_numbers(ORIG, A)
    value = div_o(A, B, bare(base(A)))
    assert by(both, value, to=(B,)).outcome.finding.reason is VERIFIED
    assert by(CALLER, value, to=(B,)).outcome.finding.reason is TN_UNAUTHORISED
    assert by(FORWARDER, value, to=(B,)).outcome.finding.reason is TN_UNAUTHORISED


def test_claims_are_held_against_the_constraints_of_the_certificate():
    extra = [constraints(constraints_der(permitted={"attest": ["B"]}))]
    chain = believed(pki.make_leaf(ROOT, key=PRIVATE_KEY, extra=extra))
    assert by(chain, shaken(A, attest="B")).outcome.attest == "B"
    found = by(chain, shaken(A)).outcome
    assert (found.finding.reason, found.attest) == (CONSTRAINTS_BROKEN, None)


def test_authority_is_named_before_a_bad_signature():
    assert by(STRANGER, base(A, spoilt=True)).outcome.finding.reason is TN_UNAUTHORISED
