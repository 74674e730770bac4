"""What is known of a number and of its signature: complaints, false signatures, replays."""

from __future__ import annotations

import pytest

from gateway.reasons import CREDENTIAL_PENDING, Finding
from gateway.verdicts.call import Known
from gateway.verdicts.policy import (
    Effect,
    ReplayPolicy,
    ReputationPolicy,
)
from gateway.verdicts.verdict import Action
from gateway.verification.outcome import Outcome
from tests.verdicts.cases import (
    CALLER,
    FAILED,
    NOW,
    OTHER,
    POLICY,
    REFUSED,
    SCREENING,
    UNSIGNED,
    a_call,
    codes,
    complaints,
    decided,
    dno,
    each_effect,
    passed,
    replace,
    verdict,
)


# --- reputation --------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("count", "score", "action"),
    [
        (1, 0.25, Action.ALLOW),
        (2, 0.4, Action.ALLOW),
        (3, 0.5, Action.LABEL),
        (26, 0.8966, Action.LABEL),
        (27, 0.9, Action.BLOCK),
    ],
)
def test_the_thresholds_of_the_score(count, score, action):
    found = verdict(known=complaints(count))
    assert (found.score, found.action, codes(found)) == (score, action, ["reputation.score"])
    assert [each.complaints for each in found.evidence] == [count]


@pytest.mark.parametrize("outcome", [UNSIGNED, FAILED, passed("A"), passed("C")])
def test_complaints_count_fully_however_the_call_was_attested(outcome):
    found = verdict(outcome=outcome, known=complaints(27))
    assert (found.score, found.action) == (0.9, Action.BLOCK)
    assert found.hits[0].is_analytics


def test_old_complaints_weigh_less():
    assert verdict(known=complaints(3, days_ago=10)).action is Action.ALLOW


def test_a_switch_that_sends_milliseconds_does_not_age_complaints_away():
    assert verdict(a_call(time=NOW * 1000), known=complaints(100)).action is Action.BLOCK


def test_the_worse_of_the_two_numbers_is_scored_and_explained():
    bad = complaints(27, OTHER).reputation
    known = Known(reputation=(*complaints(1).reputation, *bad))
    found = verdict(a_call(CALLER, OTHER), known=known)
    assert (found.score, found.action) == (0.9, Action.BLOCK)
    assert found.evidence[0].complaints == 27


def test_thresholds_that_are_not_set_only_note_the_score():
    policy = replace(POLICY, reputation=ReputationPolicy(None, None, None))
    found = verdict(known=complaints(1000), policy=policy)
    assert (found.action, codes(found)) == (Action.ALLOW, ["reputation.score"])


def test_a_challenge_by_score_goes_to_the_screening_uri():
    policy = replace(POLICY, reputation=ReputationPolicy(None, 0.5, None), treatment=SCREENING)
    found = verdict(known=complaints(3), policy=policy)
    assert (found.action, found.treatment.status) == (Action.CHALLENGE, 302)


def test_nothing_known_is_a_score_of_nothing():
    found = verdict()
    assert (found.score, found.evidence) == (0.0, ())


def test_neither_decisions_nor_do_not_originate_feed_the_score():
    found = verdict(known=Known(decisions=(decided("block"),)), policy=dno(CALLER))
    assert found.score == 0.0


# --- false signatures --------------------------------------------------------------------------
@each_effect
def test_a_false_signature_does_what_the_policy_says(effect, action):
    policy = replace(POLICY, stir_failed=effect, treatment=SCREENING)
    found = verdict(outcome=FAILED, policy=policy)
    assert (found.action, codes(found)) == (action, ["stir.failed"])


@pytest.mark.parametrize("outcome", REFUSED, ids=lambda outcome: outcome.finding.reason.code)
def test_only_an_identity_found_false_counts_against_a_call(outcome):
    policy = replace(POLICY, stir_failed=Effect.BLOCK)
    found = verdict(outcome=outcome, policy=policy)
    failed = outcome.verstat.value == "TN-Validation-Failed"
    assert (found.action is Action.BLOCK) == failed
    assert ("stir.failed" in codes(found)) == failed


def test_a_certificate_that_is_still_on_its_way_is_never_held_against_the_call():
    found = verdict(outcome=Outcome.refused(Finding(CREDENTIAL_PENDING)))
    assert (found.action, found.hits, found.score) == (Action.ALLOW, (), 0.0)


def test_a_false_signature_does_not_soften_what_complaints_lead_to():
    found = verdict(outcome=FAILED, known=complaints(27))
    assert (found.action, codes(found)) == (Action.BLOCK, ["reputation.score", "stir.failed"])


# --- replay ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("calls", "action", "listed"),
    [
        (None, Action.ALLOW, False),
        (1, Action.ALLOW, False),
        (2, Action.ALLOW, True),
        (4, Action.ALLOW, True),
        (5, Action.LABEL, True),
        (256, Action.LABEL, True),
    ],
)
def test_by_default_a_replay_is_noted_and_labelled_only_beyond_four_calls(calls, action, listed):
    found = verdict(outcome=passed(), known=Known(replay_calls=calls))
    assert (found.action, codes(found) == ["replay.distinct-calls"]) == (action, listed)


@each_effect
def test_a_replay_does_what_the_policy_says_from_the_second_call_on(effect, action):
    policy = replace(POLICY, replay=ReplayPolicy(effect=effect), treatment=SCREENING)
    assert verdict(outcome=passed(), known=Known(replay_calls=1), policy=policy).action is Action.ALLOW
    assert verdict(outcome=passed(), known=Known(replay_calls=2), policy=policy).action is action


def test_beyond_the_limit_a_stronger_effect_stays():
    policy = replace(POLICY, replay=ReplayPolicy(effect=Effect.BLOCK, label_beyond=2))
    assert verdict(outcome=passed(), known=Known(replay_calls=9), policy=policy).action is Action.BLOCK
