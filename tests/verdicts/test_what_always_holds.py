"""Properties of every verdict, whatever the call, the evidence and the policy."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.attestation.decide import TrunkKind
from gateway.numbers.ranges import NumberRange, RangeMap
from gateway.verdicts.case import Case
from gateway.verdicts.decide import decide, decide_each, not_applied
from gateway.verdicts.policy import (
    DnoEntry,
    Effect,
)
from gateway.verdicts.verdict import Action, CliDisplay
from tests.verdicts.anything import CALLS, KNOWN, NUMBERS, OUTCOMES, POLICIES, PRIORITIES
from tests.verdicts.cases import (
    FAILED,
    NOW,
    POLICY,
    REFUSED,
    SIGNED_CALL_BACK,
    SIGNED_PRIORITY,
    complaints,
    deciding,
    replace,
)

SEVERITY = {action: place for place, action in enumerate(Action)}


@settings(max_examples=300)
@given(CALLS, OUTCOMES, KNOWN, POLICIES, PRIORITIES)
def test_decide_gives_a_verdict_that_holds_together_whatever_comes(call, outcome, known, policy, priority):
    found = decide(call, outcome, known, policy, now=NOW, priority=priority)
    assert found.verstat is outcome.verstat
    assert (found.attest is None) == (found.origid is None) == (outcome.passport is None)
    assert found.degraded[: len(known.degraded)] == known.degraded
    assert 0 <= found.score <= 1
    assert set(not_applied(found)).isdisjoint(hit.reason for hit in found.hits)
    first = next((hit for hit in found.hits if hit.speaks), None)
    assert found.deciding is first
    assert (found.action is Action.ALLOW) == (first is None or first.allows)
    assert (found.treatment.status is None) == (found.action in {Action.ALLOW, Action.LABEL})
    if found.action is Action.CHALLENGE:
        assert policy.treatment.screening_uri is not None
    has_priority = priority in {SIGNED_PRIORITY, SIGNED_CALL_BACK} and call.resource_priority != frozenset()
    if {"999", "112"} & set(call.called) or known.recent_emergency_caller or has_priority:
        assert found.action is Action.ALLOW
    elif call.anonymous and deciding(found) != "emergency.dialled":
        assert found.cli is CliDisplay.WITHHOLD


@given(st.lists(st.builds(Case, CALLS, OUTCOMES, KNOWN, POLICIES, st.just(NOW), PRIORITIES), max_size=4))
def test_of_several_calls_each_gets_the_verdict_it_would_have_got_alone(cases):
    alone = [
        decide(each.call, each.outcome, each.known, each.policy, now=each.now, priority=each.priority)
        for each in cases
    ]
    assert decide_each(cases) == alone


@settings(max_examples=300)
@given(CALLS, OUTCOMES, KNOWN, POLICIES, NUMBERS.filter(bool))
def test_one_more_do_not_originate_entry_never_makes_a_verdict_milder_than_the_policy_has_it_for_one(
    call, outcome, known, policy, tn
):
    entry = (NumberRange(tn), DnoEntry("HMRC", "ofcom"))
    before = decide(call, outcome, known, replace(policy, dno_entries=RangeMap(())), now=NOW)
    after = decide(call, outcome, known, replace(policy, dno_entries=RangeMap([entry])), now=NOW)
    if policy.dno in {Effect.NONE, Effect.BLOCK}:
        assert SEVERITY[after.action] >= SEVERITY[before.action]
    elif after.action is not before.action:
        assert deciding(after) == "dno.exact"
    assert (after.verstat, after.attest, after.score, after.cli) == (
        before.verstat,
        before.attest,
        before.score,
        before.cli,
    )


@settings(max_examples=200)
@given(CALLS, KNOWN, OUTCOMES)
def test_under_the_default_policy_a_false_signature_never_softens_a_verdict(call, known, outcome):
    unsigned = decide(call, REFUSED[0], known, POLICY, now=NOW)
    forged = decide(call, FAILED, known, POLICY, now=NOW)
    assert SEVERITY[forged.action] >= SEVERITY[unsigned.action]


@settings(max_examples=200)
@given(CALLS, OUTCOMES, KNOWN, st.integers(1, 1000))
def test_under_the_default_policy_a_complaint_never_softens_a_verdict(call, outcome, known, count):
    quiet = replace(known, reputation=())
    for tn in call.shown:
        loud = replace(known, reputation=complaints(count, tn).reputation)
        before, after = (
            decide(call, outcome, quiet, POLICY, now=NOW),
            decide(call, outcome, loud, POLICY, now=NOW),
        )
        assert SEVERITY[after.action] >= SEVERITY[before.action]


@settings(max_examples=200)
@given(CALLS, OUTCOMES, KNOWN, POLICIES, st.sampled_from([0, 1, NOW * 1000, 2**53]))
def test_the_time_a_switch_sends_changes_nothing_in_a_verdict(call, outcome, known, policy, time):
    sent = replace(call, time=time)
    assert decide(sent, outcome, known, policy, now=NOW) == decide(call, outcome, known, policy, now=NOW)


@settings(max_examples=200)
@given(CALLS, OUTCOMES, KNOWN, NUMBERS)
def test_from_abroad_no_second_number_softens_what_the_first_leads_to(call, outcome, known, second):
    """A caller chooses the presentation number; decisions and control rooms are the operator's own word."""
    call = replace(call, trunk_kind=TrunkKind.INTERNATIONAL, network_tn=None)
    known = replace(known, decisions=(), reputation=())
    one = decide(call, outcome, known, POLICY, now=NOW)
    two = decide(replace(call, network_tn=second), outcome, known, POLICY, now=NOW)
    assert SEVERITY[two.action] >= SEVERITY[one.action]
