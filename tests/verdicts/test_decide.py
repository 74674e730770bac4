"""The order of the rules, and what holds of every verdict."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.numbers.ranges import NumberRange, RangeMap
from gateway.reasons import Verstat
from gateway.verdicts.call import Known
from gateway.verdicts.decide import decide, not_applied
from gateway.verdicts.policy import (
    Brand,
    DnoEntry,
    Effect,
    ReplayPolicy,
    ReputationPolicy,
    VerdictPolicy,
)
from gateway.verdicts.rules import RULES
from gateway.verdicts.verdict import Action, Verdict
from tests.verdicts.cases import (
    CALLER,
    FAILED,
    NOW,
    PREMIUM,
    REFUSED,
    SCREENING,
    a_call,
    codes,
    complaints,
    decided,
    deciding,
    dno,
    from_abroad,
    passed,
    replace,
    verdict,
)

# --- the first that speaks ---------------------------------------------------------------------
RULE_CODES = (
    "emergency.call-back",
    "decision.operator",
    "dno.exact",
    "number.not-a-cli",
    "abroad.home-number",
    "brand.path",
    "reputation.score",
    "stir.failed",
    "replay.distinct-calls",
)


def with_rules(applying: frozenset[str], effects: dict[str, Effect]) -> Verdict:
    """One call to which exactly these rules apply, each with the effect given."""
    tn = PREMIUM if "number.not-a-cli" in applying else CALLER
    call = (from_abroad if "abroad.home-number" in applying else a_call)(tn)
    effect = {code: effects.get(code, Effect.LABEL) for code in RULE_CODES}
    numbers = NumberRange(tn)
    threshold = {f"{effect['reputation.score'].value}_at": 0.1}
    policy = VerdictPolicy(
        dno=effect["dno.exact"],
        invalid_number=effect["number.not-a-cli"],
        home_number_from_abroad=effect["abroad.home-number"],
        brand=effect["brand.path"],
        stir_failed=effect["stir.failed"],
        reputation=ReputationPolicy(**{"label_at": None, "block_at": None, **threshold})
        if effect["reputation.score"] is not Effect.NONE
        else ReputationPolicy(None, None, None),
        replay=ReplayPolicy(effect["replay.distinct-calls"], label_beyond=100),
        treatment=SCREENING,
        dno_entries=RangeMap([(numbers, DnoEntry("HMRC", "ofcom"))] if "dno.exact" in applying else ()),
        brands=RangeMap(
            [(numbers, Brand("Bank", "bank", (numbers,), frozenset({"elsewhere"})))]
            if "brand.path" in applying
            else ()
        ),
    )
    known = Known(
        decisions=(decided(effect["decision.operator"].value, tn),)
        if "decision.operator" in applying
        else (),
        reputation=complaints(3, tn).reputation if "reputation.score" in applying else (),
        replay_calls=2 if "replay.distinct-calls" in applying else None,
        recent_emergency_caller="emergency.call-back" in applying,
    )
    outcome = FAILED if "stir.failed" in applying else passed()
    return decide(call, outcome, known, policy, now=NOW)


def test_every_rule_has_its_place_in_this_order():
    places = [reason.code for _, reasons in RULES for reason in reasons if reason.code in RULE_CODES]
    assert tuple(places) == RULE_CODES


@settings(max_examples=200)
@given(
    st.frozensets(st.sampled_from(RULE_CODES)),
    st.fixed_dictionaries({code: st.sampled_from(Effect) for code in RULE_CODES}),
)
def test_the_first_that_speaks_decides_and_all_that_apply_are_listed_in_order(applying, effects):
    found = with_rules(applying, effects)
    in_order = [code for code in RULE_CODES if code in applying]
    assert codes(found) == in_order
    speaking = [
        code for code in in_order if code == "emergency.call-back" or effects[code] is not Effect.NONE
    ]
    assert deciding(found) == (speaking[0] if speaking else None)
    if not speaking or speaking[0] == "emergency.call-back":
        assert found.action is Action.ALLOW
    else:
        assert found.action.value == effects[speaking[0]].value


@pytest.mark.parametrize(("earlier", "later"), list(combinations(RULE_CODES, 2)))
def test_of_any_two_rules_the_earlier_decides(earlier, later):
    effects = {earlier: Effect.LABEL, later: Effect.BLOCK}
    assert deciding(with_rules(frozenset({earlier, later}), effects)) == earlier


def test_a_rule_that_applies_is_not_among_those_that_did_not():
    found = with_rules(frozenset({"dno.exact"}), {})
    missed = [reason.code for reason in not_applied(found)]
    assert "dno.exact" not in missed
    assert missed == sorted(missed, key=[reason.code for _, rows in RULES for reason in rows].index)
    assert {"decision.operator", "brand.path", "replay.distinct-calls"} <= set(missed)


def test_a_call_for_help_beats_everything_at_once():
    policy = replace(dno(CALLER), invalid_number=Effect.BLOCK, stir_failed=Effect.BLOCK)
    known = replace(complaints(100), decisions=(decided("block"),), replay_calls=200)
    found = verdict(from_abroad(dests=("999",)), FAILED, known, policy)
    assert (found.action, found.treatment.status) == (Action.ALLOW, None)


# --- what comes from the Identity headers alone ------------------------------------------------
@pytest.mark.parametrize("attest", ["A", "B", "C"])
def test_attest_and_origid_are_those_of_a_passport_that_passed(attest):
    found = verdict(outcome=passed(attest), policy=dno(CALLER))
    assert (found.attest, found.verstat) == (attest, Verstat.TN_VALIDATION_PASSED)
    assert found.origid is not None


@pytest.mark.parametrize("outcome", REFUSED, ids=lambda outcome: outcome.finding.reason.code)
def test_without_a_pass_there_is_neither_attest_nor_origid(outcome):
    found = verdict(outcome=outcome)
    assert (found.attest, found.origid) == (None, None)


def test_a_pass_by_itself_is_never_a_reason_to_let_a_call_through():
    found = verdict(outcome=passed("A"), known=complaints(100))
    assert found.action is Action.BLOCK
    assert not any(hit.allows for hit in found.hits)


def test_what_could_not_be_asked_is_carried_into_the_verdict_and_holds_nothing_up():
    found = verdict(known=Known(degraded=("facts", "reputation")))
    assert (found.degraded, found.action) == (("facts", "reputation"), Action.ALLOW)
