"""What the shape of traffic does to a call, and to whose calls it does nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.attestation.inventory import Inventory
from gateway.numbers.ranges import NumberRange
from gateway.reputation.traffic import Shape, Traffic
from gateway.verdicts.call import Known, Registered
from gateway.verdicts.policy import Effect, TreatmentPolicy, VerdictPolicy
from tests.verdicts.cases import POLICY, UNSIGNED, a_call, passed, verdict

MACHINE = Shape(calls=80, fresh=80, sequential=70, ended=70, short=68, one_ring=66)
QUIET = Shape(calls=1, fresh=1)
ALL = {"traffic.short-calls", "traffic.one-ring", "traffic.sequential"}
BLOCKING = VerdictPolicy(suspicious_traffic=Effect.BLOCK, honeypot=Effect.BLOCK)


def judge(call, traffic, *, policy=POLICY, outcome=UNSIGNED):
    return verdict(call, outcome, Known(traffic=traffic), policy)


def codes(found) -> dict[str, str]:
    return {hit.reason.code: hit.effect.value for hit in found.hits if hit.source == "traffic"}


def test_each_sign_is_evidence_with_its_figures_and_labels():
    found = judge(a_call(), Traffic(number=MACHINE, block=QUIET))
    assert codes(found) == dict.fromkeys(ALL, "label")
    assert found.action.value == "label"
    assert all("+44" in hit.detail for hit in found.hits if hit.source == "traffic")


def test_policy_may_say_more_or_nothing():
    traffic = Traffic(number=MACHINE, block=MACHINE)
    assert judge(a_call(), traffic, policy=BLOCKING).action.value == "block"
    silent = VerdictPolicy(suspicious_traffic=Effect.NONE)
    found = judge(a_call(), traffic, policy=silent)
    assert found.action.value == "allow"
    assert set(codes(found)) == ALL | {"traffic.block"}


def test_neighbours_lead_to_a_challenge_at_most():
    policy = replace(BLOCKING, treatment=TreatmentPolicy(screening_uri="sip:screening@example.org"))
    found = judge(a_call(), Traffic(number=QUIET, block=MACHINE), policy=policy)
    assert codes(found) == {"traffic.block": "challenge"}


@pytest.mark.parametrize("proof", ["signed with A", "inventory"])
def test_a_proven_number_is_labelled_at_most_and_answers_for_no_neighbour(proof):
    call, policy, how = a_call(), BLOCKING, {}
    if proof == "inventory":
        policy = replace(policy, inventory=Inventory([(NumberRange(call.orig), call.trunk)]))
    else:
        how = {"outcome": passed("A")}
    found = judge(call, Traffic(number=MACHINE, block=MACHINE), policy=policy, **how)
    assert codes(found) == dict.fromkeys(ALL, "label")
    assert codes(judge(call, Traffic(number=QUIET, block=MACHINE), policy=policy, **how)) == {}


def test_a_registered_number_on_its_owners_trunk_is_proven_and_on_another_is_not():
    call = a_call()
    for trunk, shown in ((call.trunk, {}), ("elsewhere", {"traffic.block": "label"})):
        owned = Registered(call.orig, "A Bank", False, frozenset({trunk}), frozenset(), None)
        known = Known(registered=(owned,), traffic=Traffic(number=QUIET, block=MACHINE))
        assert codes(verdict(call, UNSIGNED, known, POLICY)) == shown


def test_b_and_c_prove_no_number():
    found = judge(a_call(), Traffic(number=MACHINE, block=QUIET), policy=BLOCKING, outcome=passed("C"))
    assert found.action.value == "block"


def test_one_honeypot_is_listed_and_two_count():
    one = judge(a_call(), Traffic(number=Shape(calls=3, honeypots=1), block=QUIET))
    assert (codes(one), one.action.value) == ({"traffic.honeypot": "none"}, "allow")
    two = judge(a_call(), Traffic(number=Shape(calls=3, honeypots=2), block=QUIET))
    assert (codes(two), two.action.value) == ({"traffic.honeypot": "label"}, "label")


def test_a_call_for_help_goes_through_whatever_its_number_did():
    found = judge(a_call(dests=("999",)), Traffic(number=MACHINE, block=MACHINE), policy=BLOCKING)
    assert found.action.value == "allow"


def test_what_is_not_known_says_nothing():
    assert codes(judge(a_call(), None)) == {}
