"""Several Identity headers, one result."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.certificates.chain import ValidatedChain, parse_chain, validate
from gateway.certificates.trust import Trust, build_trust
from gateway.reasons import (
    CREDENTIAL_PENDING,
    CREDENTIAL_UNOBTAINABLE,
    IDENTITY_MISSING,
    PPT_PARAMETER_UNSUPPORTED,
    PPT_UNSUPPORTED,
    REASONS,
    SIGNATURE_INVALID,
    TN_MISMATCH,
    Finding,
    SipCause,
    Verstat,
)
from gateway.verification.combine import combine
from gateway.verification.judge import judge
from gateway.verification.outcome import Examined, Outcome
from tests import pki
from tests.passport.keys import PRIVATE_KEY
from tests.verification.drafts import NOW, Draft, examined


def _passed() -> Outcome:
    made = pki.make_pki(key=PRIVATE_KEY)
    trust = build_trust(anchors=[("root.pem", made.root.pem)])
    assert isinstance(trust, Trust)
    chain = validate(parse_chain(made.chain_pem), trust, NOW)
    assert isinstance(chain, ValidatedChain)
    result = examined(Draft())
    assert isinstance(result, Examined)
    return judge(result, chain, now=NOW)


PASSED = _passed()
REFUSALS = [Outcome.refused(Finding(row)) for row in REASONS.values() if row.cause is not None]
SIGNATURE = Outcome.refused(Finding(SIGNATURE_INVALID))
MISMATCH = Outcome.refused(Finding(TN_MISMATCH))
PENDING = Outcome.refused(Finding(CREDENTIAL_PENDING))
UNOBTAINABLE = Outcome.refused(Finding(CREDENTIAL_UNOBTAINABLE))
DIV = Outcome.refused(Finding(PPT_PARAMETER_UNSUPPORTED))


def test_no_header_at_all_is_no_validation_and_says_so():
    outcome = combine([])
    assert (outcome.finding.reason, outcome.verstat) == (IDENTITY_MISSING, Verstat.NO_TN_VALIDATION)


def test_one_header_is_its_own_result():
    for outcome in (PASSED, *REFUSALS):
        assert combine([outcome]) is outcome


@given(st.lists(st.sampled_from(REFUSALS), max_size=4), st.integers(0, 4))
def test_one_valid_header_is_enough_whatever_stands_beside_it(others, place):
    assert combine([*others[:place], PASSED, *others[place:]]) is PASSED


@pytest.mark.parametrize("unsupported", [PPT_PARAMETER_UNSUPPORTED, PPT_UNSUPPORTED])
def test_a_header_of_an_unsupported_type_is_ignored_beside_any_other(unsupported):
    ignored = Outcome.refused(Finding(unsupported))
    for other in (SIGNATURE, PENDING, MISMATCH):
        assert combine([ignored, other]) is other
        assert combine([other, ignored]) is other


def test_only_unsupported_types_say_so():
    assert combine([DIV, DIV]).finding.reason is PPT_PARAMETER_UNSUPPORTED


def test_436_is_said_only_when_it_is_said_of_all_supported_headers():
    assert combine([PENDING, UNOBTAINABLE, DIV]) is PENDING
    for order in permutations([PENDING, UNOBTAINABLE, SIGNATURE]):
        assert combine(order) is SIGNATURE


def test_among_the_rest_the_first_counts():
    assert combine([MISMATCH, SIGNATURE]) is MISMATCH
    assert combine([SIGNATURE, MISMATCH]) is SIGNATURE


@given(st.lists(st.sampled_from(REFUSALS), min_size=1, max_size=5))
def test_the_result_is_always_one_of_the_outcomes_and_436_only_without_a_better_one(outcomes):
    outcome = combine(outcomes)
    assert outcome in outcomes
    if outcome.finding.reason.cause is SipCause.BAD_IDENTITY_INFO:
        supported = [
            each
            for each in outcomes
            if each.finding.reason not in {PPT_PARAMETER_UNSUPPORTED, PPT_UNSUPPORTED}
        ]
        assert all(each.finding.reason.cause is SipCause.BAD_IDENTITY_INFO for each in supported)
