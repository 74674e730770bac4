"""A claim to precedence, judged apart from the number (RFC 8443, RFC 9027)."""

from __future__ import annotations

import pytest

from gateway.passport.ppt import Ppt
from gateway.reasons import CREDENTIAL_PENDING, RPH_MISMATCH, SIGNATURE_INVALID, Finding, Verstat
from gateway.verification.priority import Priority, PriorityVerstat
from tests.passport.keys import X5U
from tests.verification.calls import A, B, rph, shaken, verified


def priority(*identities: str, **call) -> Priority:
    found = verified(*identities, **call).priority
    assert found is not None
    return found


def test_a_proven_priority_says_what_may_be_asked_for():
    found = priority(rph(A))
    assert (found.verstat, found.auth, found.sph) == (PriorityVerstat.PASSED, ("esnet.1",), None)


def test_a_proven_call_back_says_so():
    assert priority(rph(A, sph="psap-callback"), priority="psap-callback").sph == "psap-callback"
    assert priority(rph(A, sph="psap-callback")).sph == "psap-callback"


def test_priority_and_number_are_judged_apart():
    found = verified(shaken(A), rph(A, spoilt=True))
    assert found.outcome.verstat is Verstat.TN_VALIDATION_PASSED
    assert found.priority == Priority(PriorityVerstat.FAILED, Finding(SIGNATURE_INVALID))
    found = verified(shaken(A, spoilt=True), rph(A))
    assert found.outcome.verstat is Verstat.TN_VALIDATION_FAILED
    assert found.priority is not None
    assert found.priority.verstat is PriorityVerstat.PASSED


@pytest.mark.parametrize("asked", [frozenset(), frozenset({"esnet.1"}), frozenset({"ESNET.1"})])
def test_a_call_may_ask_for_what_was_signed(asked):
    assert priority(rph(A), resource_priority=asked).verstat is PriorityVerstat.PASSED


@pytest.mark.parametrize("asked", [frozenset({"esnet.0"}), frozenset({"esnet.1", "ets.0"})])
def test_a_call_that_asks_for_more_than_was_signed_proves_no_priority(asked):
    found = priority(rph(A), resource_priority=asked)
    assert (found.verstat, found.finding.reason, found.auth) == (PriorityVerstat.NONE, RPH_MISMATCH, ())


def test_a_call_back_whose_priority_header_says_something_else_is_none():
    found = priority(rph(A, sph="psap-callback"), priority="emergency")
    assert (found.verstat, found.finding.parameter, found.sph) == (PriorityVerstat.NONE, "sph", None)
    assert priority(rph(A), priority="emergency").verstat is PriorityVerstat.PASSED


@pytest.mark.parametrize("sph", ["emergency", "", None, 1])
def test_another_value_of_sph_fails_validation(sph):
    assert priority(rph(A, sph=sph)).verstat is not PriorityVerstat.PASSED


def test_a_priority_signed_for_another_callee_is_none():
    assert priority(rph(B)).verstat is PriorityVerstat.NONE


def test_a_priority_whose_certificate_has_not_come_is_none_yet():
    found = priority(rph(A), credentials={X5U: Finding(CREDENTIAL_PENDING)})
    assert (found.verstat, found.finding.reason) == (PriorityVerstat.NONE, CREDENTIAL_PENDING)


def test_one_valid_header_of_several_is_enough():
    assert priority(rph(A, spoilt=True), rph(A)).verstat is PriorityVerstat.PASSED


def test_a_call_without_such_a_header_has_no_such_verdict():
    assert verified(shaken(A)).priority is None
    assert verified(shaken(A), "two words").priority is None
    assert [each.ppt for each in verified(rph(A)).headers] == [Ppt.RPH]


def test_a_priority_verstat_has_no_truth_value():
    with pytest.raises(TypeError):
        bool(PriorityVerstat.NONE)
