from __future__ import annotations

import msgspec
import pytest

from gateway.attestation.inventory import Inventory
from gateway.numbers.ranges import NumberRange
from gateway.reputation.neighbourhood import AreaBuilder, NumberDay
from gateway.verdicts.call import Known, Registered
from gateway.verdicts.policy import Effect, NeighbourPolicy, ReputationPolicy, VerdictPolicy
from gateway.verdicts.verdict import Action
from tests.verdicts.cases import CALLER, FAILED, NOW, UNSIGNED, codes, passed, verdict

TODAY = NOW // 86_400


def hot_block(tn=CALLER, *, numbers=40):
    """Many neighbours of the number were seen today; it was not."""
    builder = AreaBuilder(today=TODAY)
    for line in range(100, 100 + numbers):
        neighbour = f"{tn[:-3]}{line:03d}"
        if neighbour != tn:
            builder.add(NumberDay(neighbour, TODAY, 9.0))
    [area] = builder.rest()
    return Known(neighbours=((tn, area.around(tn)[:-1]),))


@pytest.mark.parametrize("outcome", [UNSIGNED, FAILED, passed("B"), passed("C")])
def test_a_number_in_a_block_that_many_complain_of_is_labelled(outcome):
    found = verdict(outcome=outcome, known=hot_block())
    assert found.action is Action.LABEL
    [hit] = [hit for hit in found.hits if hit.reason.code == "reputation.neighbours"]
    assert "by its neighbours: " in hit.detail
    assert " numbers seen in its " in hit.detail
    assert hit.is_analytics
    assert found.score == 0.0


def test_a_call_signed_with_a_is_not_held_responsible_for_its_neighbours():
    found = verdict(outcome=passed("A"), known=hot_block())
    assert (found.action, codes(found)) == (Action.ALLOW, [])


def test_a_number_of_the_carrier_s_own_inventory_neither():
    policy = VerdictPolicy(inventory=Inventory([(NumberRange(CALLER), "pbx-7")]))
    assert verdict(known=hot_block(), policy=policy).action is Action.ALLOW


def test_a_number_that_its_owner_registered_neither():
    owned = Registered(CALLER, "Clinic", False, frozenset(), frozenset(), None)
    known = msgspec.structs.replace(hot_block(), registered=(owned,))
    assert "reputation.neighbours" not in codes(verdict(known=known))


def test_blocks_never_block_whatever_the_policy_says_of_scores():
    strict = VerdictPolicy(
        reputation=ReputationPolicy(0.01, 0.01, 0.01), neighbours=NeighbourPolicy(0.01, None)
    )
    assert verdict(known=hot_block(numbers=400), policy=strict).action is Action.LABEL
    assert {NeighbourPolicy(0.0, 0.0).effect_of(score / 100) for score in range(101)} == {Effect.CHALLENGE}


def test_little_evidence_and_none_say_nothing():
    assert codes(verdict(known=hot_block(numbers=1))) == []
    assert codes(verdict(known=Known(neighbours=((CALLER, (None,) * 5),)))) == []
    silent = VerdictPolicy(neighbours=NeighbourPolicy(None, None))
    assert codes(verdict(known=hot_block(), policy=silent)) == []
