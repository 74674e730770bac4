"""A recorded call judged again under the same policy has the same verdict, whatever was known of it."""

from __future__ import annotations

from types import SimpleNamespace

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from gateway.calls.account import Account
from gateway.calls.road import AskedCall, Judged
from gateway.control.journal.latest_calls import LatestCalls, Sought
from gateway.control.reloading.judging_again import judge_again
from gateway.control.reloading.preview import FEWEST_CALLS, over_limit, preview
from gateway.journal import Record
from gateway.verdicts.call import Known
from gateway.verdicts.policy import Effect, VerdictPolicy
from gateway.verdicts.verdict import Verdict
from gateway.verification.conclude import Verification
from gateway.verification.policy import EVERY_TYPE
from tests.verdicts import cases

CALLS = [
    cases.a_call(),
    cases.a_call(cases.IMPOSSIBLE),
    cases.a_call(None),
    cases.from_abroad(),
    cases.from_abroad(cases.MOBILE),
    cases.a_call(anonymous=True),
    cases.a_call(resource_priority=frozenset({"ets.0"})),
    cases.a_call(request_uri=cases.OTHER, priority="emergency"),
]
OUTCOMES = [cases.UNSIGNED, cases.FAILED, *cases.REFUSED, cases.passed("A"), cases.passed("C")]
KNOWN = [
    Known(),
    cases.complaints(40),
    cases.complaints(3, days_ago=30),
    Known(decisions=(cases.decided("block"), cases.decided("allow"))),
    Known(replay_calls=9, recent_emergency_caller=None, degraded=("reputation",)),
    Known(recent_emergency_caller=True),
]
PRIORITIES = [None, cases.SIGNED_PRIORITY, cases.SIGNED_CALL_BACK, *cases.UNPROVEN]
POLICIES = [cases.POLICY, cases.dno(cases.CALLER), cases.brands(("Bank", cases.CALLER, frozenset({"a"})))]


def recorded(call, outcome, known, policy: VerdictPolicy, priority=None) -> tuple[Verdict, Record]:
    """The verdict of the road and the record it leaves, through the bytes of the journal."""
    verdict = cases.decide(call, outcome, known, policy, now=cases.NOW, priority=priority)
    record = Account(worker="worker-0").judged(
        resource="verdict",
        current=SimpleNamespace(number=7, generation=SimpleNamespace(digest="7")),
        asked=AskedCall(call, SimpleNamespace(name=call.trunk), (), EVERY_TYPE, 0.0),
        judged=Judged(verdict, Verification(outcome, (), priority=priority), known),
        started=float(cases.NOW),
        elapsed=0.001,
    )
    return verdict, msgspec.json.decode(msgspec.json.encode(record), type=Record)


def records(count: int, call=None) -> list[Record]:
    return [recorded(call or cases.a_call(), cases.UNSIGNED, Known(), cases.POLICY)[1] for _ in range(count)]


@given(
    st.sampled_from(CALLS),
    st.sampled_from(OUTCOMES),
    st.sampled_from(KNOWN),
    st.sampled_from(PRIORITIES),
    st.sampled_from(POLICIES),
)
def test_the_same_policy_gives_the_same_verdict(call, outcome, known, priority, policy):
    verdict, record = recorded(call, outcome, known, policy, priority)
    assert judge_again(record, policy) == verdict


def test_a_call_that_was_only_signed_has_no_verdict():
    _, record = recorded(cases.a_call(), cases.UNSIGNED, Known(), cases.POLICY)
    assert judge_again(msgspec.structs.replace(record, grounds=None), cases.POLICY) is None
    assert judge_again(msgspec.structs.replace(record, reason="of.a.newer.release"), cases.POLICY) is None


def test_a_preview_counts_by_what_decides_and_names_examples():
    kept = [*records(3), *records(2, cases.a_call(cases.OTHER))]
    found = preview(kept, cases.POLICY, cases.dno(cases.CALLER))
    assert (found.calls, found.changed, found.newly_blocked) == (5, 3, 3)
    (change,) = found.changes
    assert (change.before, change.after, change.after_reason) == ("allow", "block", "dno.exact")
    assert [record.orig for record in change.examples] == [cases.CALLER] * 3
    assert preview(kept, cases.POLICY, cases.POLICY).changes == ()
    assert preview([], cases.POLICY, cases.POLICY).newly_blocked_percent == 0.0


def test_only_newly_blocked_calls_count_against_the_limit_and_only_enough_of_them():
    blocking, labelling = cases.dno(cases.CALLER), cases.dno(cases.CALLER, dno=Effect.LABEL)
    enough = records(FEWEST_CALLS)
    problem = over_limit(preview(enough, cases.POLICY, blocking), 1.0)
    assert problem is not None
    assert (
        f"{FEWEST_CALLS} of the last {FEWEST_CALLS} calls that are let through (100.0 %)" in problem.message
    )
    assert "dno.exact" in problem.message
    assert over_limit(preview(enough, cases.POLICY, blocking), 100.0) is None
    assert over_limit(preview(enough, cases.POLICY, labelling), 0.0) is None
    assert over_limit(preview(enough, blocking, cases.POLICY), 0.0) is None
    assert over_limit(preview(enough[1:], cases.POLICY, blocking), 1.0) is None


def test_a_flood_that_both_policies_block_hides_nothing():
    blocked = cases.a_call(cases.IMPOSSIBLE)
    flood = records(50 * FEWEST_CALLS, blocked)
    blocking = cases.dno(cases.CALLER)
    assert over_limit(preview(flood, cases.POLICY, blocking), 0.0) is None
    found = preview([*flood, *records(FEWEST_CALLS)], cases.POLICY, blocking)
    assert (found.let_through, found.newly_blocked_percent) == (FEWEST_CALLS, 100.0)
    assert over_limit(found, 1.0) is not None


def test_latest_calls_are_the_last_ones_and_are_found_by_what_they_are():
    recent = LatestCalls(most=3)
    named = [msgspec.structs.replace(record, call_id=str(place)) for place, record in enumerate(records(5))]
    recent.take(named)
    assert [record.call_id for record in recent.all()] == ["2", "3", "4"]
    assert [record.call_id for record in recent.find(Sought(tn=cases.CALLER), limit=2)] == ["4", "3"]
    assert [record.call_id for record in recent.find(Sought(tn=cases.CALLED), limit=9)] == ["4", "3", "2"]
    assert [record.call_id for record in recent.named("3")] == ["3"]
    for nobody in (
        Sought(tn="1"),
        Sought(action="block"),
        Sought(reason="x"),
        Sought(trunk="x"),
        Sought(operation="x"),
    ):
        assert recent.find(nobody, limit=9) == []
