"""The SIP answer, by country pack."""

from __future__ import annotations

import pytest

from gateway.reasons import DNO, REPUTATION_SCORE
from gateway.verdicts.policy import CountryPack, Effect, Redress, ReputationPolicy, TreatmentPolicy
from gateway.verdicts.treatment import treat
from gateway.verdicts.verdict import Action, Hit, SipTreatment
from tests.verdicts.cases import AMERICAN, POLICY, a_call, complaints, dno, replace, verdict

BY_RULE = Hit(DNO, Effect.BLOCK, "dno.csv")
BY_SCORE = Hit(REPUTATION_SCORE, Effect.BLOCK, "reputation", is_analytics=True)
REDRESS = Redress(url="https://example.org/blocked", tel="+12155550100", email="redress@example.org")
NANP = TreatmentPolicy(country_pack=CountryPack.NANP, redress=REDRESS)


@pytest.mark.parametrize("action", [Action.ALLOW, Action.LABEL])
@pytest.mark.parametrize("policy", [TreatmentPolicy(), NANP])
def test_a_call_that_goes_on_is_answered_with_nothing(action, policy):
    assert treat(action, BY_RULE, policy) == SipTreatment(None, None, {})


@pytest.mark.parametrize("hit", [BY_RULE, BY_SCORE])
def test_the_uk_declines_every_block_plainly(hit):
    assert treat(Action.BLOCK, hit, TreatmentPolicy()) == SipTreatment(603, "Decline", {})


def test_the_nanp_declines_a_block_by_rule_plainly():
    assert treat(Action.BLOCK, BY_RULE, NANP) == SipTreatment(603, "Decline", {})


def test_the_nanp_says_network_blocked_and_whom_to_ask_for_a_block_by_statistics():
    assert treat(Action.BLOCK, BY_SCORE, NANP) == SipTreatment(
        603,
        "Network Blocked",
        {
            "Reason": 'SIP;cause=603;text="v=analytics1;url=https://example.org/blocked;tel=+12155550100;'
            'email=redress@example.org";location=RPN'
        },
    )


def test_only_the_contacts_there_are_stand_in_the_reason_header():
    policy = replace(NANP, redress=Redress(email="redress@example.org"))
    headers = treat(Action.BLOCK, BY_SCORE, policy).headers
    assert headers == {"Reason": 'SIP;cause=603;text="v=analytics1;email=redress@example.org";location=RPN'}


def test_a_challenge_is_sent_to_the_screening_uri():
    policy = TreatmentPolicy(screening_uri="sip:screening@example.org")
    assert treat(Action.CHALLENGE, BY_SCORE, policy) == SipTreatment(
        302, "Moved Temporarily", {"Contact": "<sip:screening@example.org>"}
    )


def test_in_a_whole_verdict_the_deciding_rule_chooses_the_answer():
    policy = replace(dno(AMERICAN), treatment=NANP)
    scored = complaints(100, AMERICAN)
    by_rule = verdict(a_call(AMERICAN), known=scored, policy=policy)
    by_score = verdict(a_call(AMERICAN), known=scored, policy=replace(POLICY, treatment=NANP))
    assert (by_rule.treatment.phrase, by_score.treatment.phrase) == ("Decline", "Network Blocked")


def test_a_labelled_call_is_never_answered_in_sip():
    policy = replace(POLICY, reputation=ReputationPolicy(label_at=0.1, block_at=None), treatment=NANP)
    found = verdict(a_call(AMERICAN), known=complaints(100, AMERICAN), policy=policy)
    assert (found.action, found.treatment) == (Action.LABEL, SipTreatment())
